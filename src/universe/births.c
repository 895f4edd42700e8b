/* Births: ranks that are coming up, and those who die of it. One that has said hello is missed when its link
 * closes, and its supervisor tells the rest. Of one that dies before, in a constructor or for want of a library,
 * only the runtime knows, which is asked for its table of processes while a batch is slow to come. */
#include "base/status.h"
#include "universe/universe.h"

#include <pmix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double LOOK_SECONDS = 0.1;  /* between two looks at the runtime's table */
static const double WORDS_SECONDS = 0.5; /* that a supervisor may take to tell how its rank has ended */

/* The runtime's table of a job; NULL: there is no such job, or no answer. PMIX_INFO_FREE frees it. */
static pmix_info_t *ask_for_job(unsigned long job, size_t *count)
{
    pmix_proc_t everyone;
    pmix_query_t *query;
    pmix_info_t *answer = NULL;
    char name[32];
    pmix_status_t status;
    PMIX_QUERY_CREATE(query, 1);
    PMIX_ARGV_APPEND(status, query->keys, PMIX_QUERY_PROC_TABLE);
    snprintf(name, sizeof name, "%lu", job);
    PMIX_LOAD_PROCID(&everyone, name, PMIX_RANK_WILDCARD);
    PMIX_INFO_CREATE(query->qualifiers, 1);
    query->nqual = 1;
    PMIX_INFO_LOAD(&query->qualifiers[0], PMIX_PROCID, &everyone, PMIX_PROC);
    *count = 0;
    if (status == PMIX_SUCCESS && PMIx_Query_info(query, 1, &answer, count) != PMIX_SUCCESS)
        answer = NULL;
    PMIX_QUERY_FREE(query, 1);
    return answer;
}

/* Open MPI numbers its jobs: main's own comes first, then one for each spawn. Without a number (another Open MPI,
 * say) nobody is asked. */
static unsigned long main_job(void)
{
    pmix_proc_t self;
    char *end;
    if (PMIx_Init(&self, NULL, 0) != PMIX_SUCCESS)
        return 0;
    unsigned long job = strtoul(self.nspace, &end, 10);
    PMIx_Finalize(NULL, 0); /* of this look only: MPI has it open */
    return *end == '\0' ? job : 0;
}

void mr__births_expect(mr__universe *universe, mr__batch *batch)
{
    size_t count;
    mr__lock();
    unsigned long job = universe->last_job;
    mr__unlock();
    if (job == 0)
        job = main_job();
    for (pmix_info_t *answer; job != 0 && (answer = ask_for_job(job + 1, &count)) != NULL; job++)
        PMIX_INFO_FREE(answer, count);
    mr__lock();
    universe->last_job = job;
    bool is_sure = job != 0; /* a spawn that waits for a lost host may get its number later than this one */
    for (int i = 0; i < universe->host_count; i++)
        is_sure = is_sure && !universe->hosts[i].is_lost;
    batch->job = is_sure ? job + 1 : 0;
    mr__unlock();
}

/* The runtime's states below ERROR are of processes that live, but for TERMINATED; it has no word of PMIx's for
 * one that has ended well. */
static bool has_ended(const pmix_proc_info_t *process)
{
    return process->state >= PMIX_PROC_STATE_TERMINATED ||
           (process->state == PMIX_PROC_STATE_UNDEF && process->pid > 0);
}

/* How a rank has ended, in words. The shell that a batch is started by once one was lost knows it exactly. */
static void describe_end(const mr__batch *batch, const pmix_proc_info_t *process, char *text, size_t size)
{
    char path[sizeof mr__ctx.launch.session.folder + 64];
    int code = -1;
    mr__births_note(batch, path, sizeof path);
    snprintf(path + strlen(path), sizeof path - strlen(path), ".%u", process->proc.rank);
    FILE *note = batch->has_notes ? fopen(path, "re") : NULL;
    if (note != NULL && fscanf(note, "%d", &code) != 1)
        code = -1;
    if (note != NULL)
        fclose(note);
    if (code > 128 && code < 128 + NSIG)
        snprintf(text, size, "was killed by signal %d (%s)", code - 128, strsignal(code - 128));
    else if (code >= 0)
        snprintf(text, size, "ended with exit status %d", code);
    else if (process->state == PMIX_PROC_STATE_ABORTED_BY_SIG)
        snprintf(text, size, "was killed by a signal");
    else
        snprintf(text, size, "ended with an exit status %s 0",
                 process->state == PMIX_PROC_STATE_TERM_NON_ZERO ? "other than" : "of");
}

void mr__births_note(const mr__batch *batch, char *path, size_t size)
{
    snprintf(path, size, "%s/end.%llu", mr__ctx.launch.session.folder, (unsigned long long)batch->number);
}

/* A row of the table: if it tells of a rank that has not said hello and never will, the batch is lost. Lock held.
 */
static void look_at(mr__universe *universe, mr__batch *batch, const pmix_proc_info_t *process)
{
    if (process->proc.rank >= (uint32_t)batch->size || !has_ended(process))
        return;
    const mr__rank *rank = universe->ranks[batch->first + (int)process->proc.rank];
    if (rank->state != MR__RANK_STARTING || rank->stage != MR__STAGE_NONE || rank->lost_at > 0)
        return;
    char end[128], why[512];
    describe_end(batch, process, end, sizeof end);
    snprintf(why, sizeof why,
             "rank %d (process %ld on %s) %s before it called mr_init: is a library missing there, or does a "
             "constructor, or main before mr_init, end the program?",
             batch->first + (int)process->proc.rank, (long)process->pid,
             process->hostname == NULL ? "an unknown host" : process->hostname, end);
    universe->lost_early = true;
    mr__growth_lost_batch(universe, batch, why);
}

/* Lock held; released while the runtime is asked. */
static void look_at_runtime(mr__universe *universe, mr__batch *batch)
{
    size_t count;
    mr__unlock();
    pmix_info_t *answer = ask_for_job(batch->job, &count);
    mr__lock();
    if (answer == NULL)
        return;
    const pmix_data_array_t *table = answer->value.data.darray;
    bool is_table = answer->value.type == PMIX_DATA_ARRAY && table != NULL && table->type == PMIX_INFO;
    for (size_t i = 0; is_table && i < table->size && mr__births_await(universe, batch); i++) {
        const pmix_info_t *row = (const pmix_info_t *)table->array + i;
        if (row->value.type == PMIX_PROC_INFO)
            look_at(universe, batch, row->value.data.pinfo);
    }
    mr__unlock();
    PMIX_INFO_FREE(answer, count);
    mr__lock();
}

bool mr__births_await(const mr__universe *universe, const mr__batch *batch)
{
    bool is_coming = false;
    for (int i = batch->first; i < batch->first + batch->size; i++)
        is_coming |= universe->ranks[i]->state == MR__RANK_STARTING || universe->ranks[i]->lost_at > 0;
    return is_coming && !batch->is_lost && !batch->is_abandoned && !universe->stopping;
}

/* Ranks whose links have closed. Lock held. */
static void look_at_lost(mr__universe *universe, mr__batch *batch)
{
    static const char *const stages[] = {"before it had reported to main", "while MPI started in it",
                                         "while it joined main", "while it got ready"};
    for (int i = batch->first; i < batch->first + batch->size && mr__births_await(universe, batch); i++) {
        const mr__rank *rank = universe->ranks[i];
        if (rank->lost_at <= 0 || (!rank->is_told && mr__now() < rank->lost_at + WORDS_SECONDS))
            continue;
        char end[64] = "ended", why[MR__SENTENCE_SIZE];
        if (rank->is_told && rank->end_code < 0)
            snprintf(end, sizeof end, "was killed by signal %d (%s)", -rank->end_code, strsignal(-rank->end_code));
        else if (rank->is_told)
            snprintf(end, sizeof end, "ended with exit status %d", rank->end_code);
        bool is_of_mpi = rank->stage != MR__STAGE_NONE && rank->end_code > 0;
        const char *words = rank->words != NULL ? rank->words
                            : is_of_mpi         ? "what Open MPI says of it stands above"
                                                : "";
        snprintf(why, sizeof why, "rank %d (process %ld on %s) %s %s%s%.600s", i, (long)rank->pid,
                 rank->host < 0 ? "an unknown host" : universe->hosts[rank->host].name, end, stages[rank->stage],
                 rank->words != NULL ? "; it wrote: "
                 : is_of_mpi         ? "; "
                                     : "",
                 words);
        mr__growth_lost_batch(universe, batch, why);
    }
}

static bool is_anybody_silent(const mr__universe *universe, const mr__batch *batch)
{
    for (int i = batch->first; i < batch->first + batch->size; i++)
        if (universe->ranks[i]->state == MR__RANK_STARTING && universe->ranks[i]->stage == MR__STAGE_NONE)
            return true;
    return false;
}

/* Watches one batch, from its spawn until all its ranks are up or it is given up. */
static void *run_births(void *argument)
{
    mr__batch *batch = argument;
    mr__universe *universe = mr__ctx.universe;
    double look_at = mr__now() + LOOK_SECONDS;
    mr__lock();
    while (mr__births_await(universe, batch)) {
        look_at_lost(universe, batch);
        if (mr__now() >= look_at && batch->job != 0 && is_anybody_silent(universe, batch))
            look_at_runtime(universe, batch);
        if (mr__now() >= look_at)
            look_at = mr__now() + LOOK_SECONDS;
        if (mr__births_await(universe, batch))
            mr__wait(look_at);
    }
    universe->watchers--;
    mr__changed();
    mr__unlock();
    return NULL;
}

void mr__births_watch(mr__universe *universe, mr__batch *batch)
{
    pthread_t thread;
    universe->watchers++;
    if (mr__thread_start_with(&thread, "mr-births", run_births, batch) == MR_OK)
        pthread_detach(thread);
    else
        universe->watchers--; /* what it would have noticed costs the start time-out now */
}
