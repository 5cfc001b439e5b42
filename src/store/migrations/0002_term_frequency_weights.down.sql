-- Results are then explained as those of jobs before migration 2.
alter table empi.prediction_result
    drop column term_frequency_weights;
