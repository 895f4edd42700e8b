#include "launch/slurm.h"

#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

bool mr__slurm_is_job(void)
{
    return getenv("SLURM_JOB_NODELIST") != NULL;
}

/* The number that a variable holds; 0: none above 0. */
static int number_of(const char *variable)
{
    const char *text = getenv(variable);
    long number = text == NULL ? 0 : strtol(text, NULL, 10);
    return number > 0 && number <= INT_MAX ? (int)number : 0;
}

/* ---- Nodes ----------------------------------------------------------------------------------------------------
 */

/* Slurm's "2(x3),1" is 2, 2, 2, 1: takes the next number off *list, with what is left of its repetitions in
 * *again; 0 at the end, or if this is no such list. */
static int next_number(const char **list, long *again, int last)
{
    char *end;
    if (*again > 0) {
        (*again)--;
        return last;
    }
    long number = strtol(*list, &end, 10);
    if (end == *list || number < 1 || number > INT_MAX)
        return 0;
    *again = 0;
    if (strncmp(end, "(x", 2) == 0) {
        *again = strtol(end + 2, &end, 10) - 1;
        end += *end == ')';
    }
    *list = end + (*end == ',');
    return (int)number;
}

/* The tasks of each node, as a list, and of how many CPUs each is made (0: it is not CPUs that are listed). */
static const char *list_of_tasks(int *cpus_per_task)
{
    /* srun replaces the job's tasks by its own */
    bool is_told = getenv("SLURM_NTASKS") != NULL && getenv("SLURM_STEP_ID") == NULL;
    int cpus = number_of("SLURM_CPUS_PER_TASK");
    *cpus_per_task = is_told ? 0 : cpus > 0 ? cpus : 1;
    return getenv(is_told ? "SLURM_TASKS_PER_NODE" : "SLURM_JOB_CPUS_PER_NODE");
}

/* Reads the names of the nodes, a line each, and writes "name:tasks,...". */
static mr_status write_hosts(FILE *names, char *hosts, size_t size)
{
    int cpus_per_task, number = 0;
    long again = 0;
    char name[256];
    size_t used = 0;
    const char *list = list_of_tasks(&cpus_per_task), *rest = list;
    while (fscanf(names, "%255s", name) == 1) {
        number = list == NULL ? 1 : next_number(&rest, &again, number);
        if (number == 0)
            return mr__fail(MR_ELAUNCH,
                            "Slurm does not say how many tasks this job has on %s, only \"%s\" for all nodes; say "
                            "it in MULTIRANK_HOSTS, like node1:2,node2:2",
                            name, list);
        int tasks = cpus_per_task > 0 ? number / cpus_per_task : number;
        int added =
            snprintf(hosts + used, size - used, "%s%s:%d", used > 0 ? "," : "", name, tasks > 0 ? tasks : 1);
        if (added < 0 || (size_t)added >= size - used)
            return mr__fail(MR_ELAUNCH, "the names of this Slurm job's nodes do not fit into %zu characters",
                            size);
        used += (size_t)added;
    }
    return MR_OK;
}

mr_status mr__slurm_hosts(char *hosts, size_t size)
{
    hosts[0] = '\0';
    if (!mr__slurm_is_job())
        return MR_OK;
    if (number_of("SLURM_HET_SIZE") > 1)
        return mr__fail(MR_ELAUNCH,
                        "this is a heterogeneous Slurm job of %d components, and only main's component would be "
                        "used; submit one component (no \":\" between the options), or name hosts of main's "
                        "component in MULTIRANK_HOSTS, like node1:2,node2:2",
                        number_of("SLURM_HET_SIZE"));
    FILE *names = popen("scontrol show hostnames \"$SLURM_JOB_NODELIST\" 2>/dev/null", "re");
    if (names == NULL)
        return mr__fail(MR_ESYSTEM, "starting scontrol, which tells the nodes of this Slurm job, failed");
    mr_status status = write_hosts(names, hosts, size);
    bool is_told = pclose(names) == 0 && hosts[0] != '\0';
    if (status == MR_OK && !is_told)
        status = mr__fail(MR_ELAUNCH,
                          "this is a Slurm job (SLURM_JOB_NODELIST is \"%s\"), but scontrol show hostnames does "
                          "not tell its nodes; name them in MULTIRANK_HOSTS, like node1:2,node2:2",
                          getenv("SLURM_JOB_NODELIST"));
    return status;
}

int mr__slurm_step_hosts(void)
{
    int hosts = number_of("SLURM_STEP_NUM_NODES");
    return hosts > 0 ? hosts : 1;
}

/* ---- CPUs -----------------------------------------------------------------------------------------------------
 */

int mr__slurm_cpus(int threads)
{
    int cpus = number_of("SLURM_CPUS_ON_NODE");
    return cpus > 0 && cpus < threads ? cpus : threads;
}

bool mr__slurm_lets_pin(int threads)
{
    return mr__slurm_cpus(threads) == threads && number_of("SLURM_CPUS_PER_TASK") <= 1;
}

/* Open MPI names the nodes for its daemons only if it believes that they are not all of the allocation, which it
 * does not know: so we name them. */
static mr_status name_nodes(const char *nodes, int count)
{
    static const char variable[] = "OMPI_MCA_plm_slurm_args";
    const char *users = getenv(variable);
    char *text;
    if (asprintf(&text, "--nodes=%d --nodelist=%s%s%s", count, nodes, users != NULL ? " " : "",
                 users != NULL ? users : "") < 0)
        return mr__fail(MR_ENOMEM, "there is no memory for the names of %d nodes", count);
    setenv(variable, text, 1);
    free(text);
    return MR_OK;
}

mr_status mr__slurm_prepare_runtime(const char *nodes, int count)
{
    if (!mr__slurm_is_job())
        return MR_OK;
    /* Which hosts there are is said by our host file, without limit; what Slurm says would be a limit. */
    setenv("OMPI_MCA_ras", "^slurm", 0);
    /* the daemons' step shares the CPUs of the job with what runs there already, such as mpirun's daemons */
    setenv("SLURM_OVERLAP", "1", 0);
    setenv("SLURM_MPI_TYPE", "none", 0);
    /* when it ends, main's daemon now and then hears of srun's end in a component that it has unloaded: nobody is
     * harmed, so nobody is to read of it */
    setenv("OMPI_MCA_opal_signal", "", 0);
    unsetenv(
        "SLURM_STEP_ID"); /* or Open MPI takes main for one of srun's ranks, and looks for srun's PMIx server */
    return count > 0 ? name_nodes(nodes, count) : MR_OK;
}
