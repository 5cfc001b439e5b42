-- What term frequencies added to a result, by comparison. They change with every import, so that the
-- evidence of a result is complete only with what its job saw. Results of before keep null: what
-- frequencies added to them can be told only in one sum, as the rest that their levels leave.
alter table empi.prediction_result
    add column term_frequency_weights double precision[];
comment on column empi.prediction_result.term_frequency_weights is 'By comparison of the job''s model: what term frequencies added to the weight, 0 where the level does not adjust; null when none of them does, and for jobs before migration 2';
