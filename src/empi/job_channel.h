/* Where the making of jobs is told. */
#ifndef EMPI_JOB_CHANNEL_H
#define EMPI_JOB_CHANNEL_H

/* Whoever makes a job notifies this channel in the same transaction, so that the services that
   LISTEN to it look at the queue as soon as the job is there. A notification that is lost costs
   nothing but time: they look from time to time, too. */
#define JOB_CHANNEL "empi_job"

#endif
