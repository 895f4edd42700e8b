/* What is read from the environment of a Slurm job. scontrol is a script here, which writes the nodes' names down.
 */
#include "launch/hosts.h"
#include "launch/slurm.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/test_slurm.XXXXXX", script[64];

static void enter(void)
{
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(script, sizeof script, "%s/scontrol", folder);
    setenv("SLURM_JOB_NODELIST", "as the script says", 1);
    const char *path = getenv("PATH");
    char longer[4096];
    snprintf(longer, sizeof longer, "%s:%s", folder, path);
    setenv("PATH", longer, 1);
}

static void leave(void)
{
    unlink(script);
    rmdir(folder);
}

TestSuite(slurm, .init = enter, .fini = leave);

/* The job has these nodes, separated by blanks. */
static void set_nodes(const char *names)
{
    FILE *file = fopen(script, "we");
    cr_assert(file != NULL);
    fprintf(file, "#!/bin/sh\n[ \"$*\" = \"show hostnames as the script says\" ] && printf '%%s\\n' %s\n", names);
    fclose(file);
    cr_assert_eq(chmod(script, 0755), 0);
}

static void check_hosts(const char *expected)
{
    char hosts[256];
    cr_assert_eq(mr__slurm_hosts(hosts, sizeof hosts), MR_OK, "%s", mr_last_error());
    cr_assert_str_eq(hosts, expected);
}

static void check_failure(const char *sentence)
{
    char hosts[32];
    cr_assert_eq(mr__slurm_hosts(hosts, sizeof hosts), MR_ELAUNCH);
    cr_assert(strstr(mr_last_error(), sentence) != NULL, "%s", mr_last_error());
}

Test(slurm, tasks_by_node)
{
    set_nodes("n1 n2 n3 n4");
    setenv("SLURM_NTASKS", "10", 1);
    setenv("SLURM_TASKS_PER_NODE", "3(x3),1", 1);
    setenv("SLURM_JOB_CPUS_PER_NODE", "16(x4)", 1);
    check_hosts("n1:3,n2:3,n3:3,n4:1");
    setenv("SLURM_TASKS_PER_NODE", "1,2,3(x2)", 1);
    check_hosts("n1:1,n2:2,n3:3,n4:3");
}

Test(slurm, without_tasks_cpus_count)
{
    set_nodes("n1 n2");
    setenv("SLURM_TASKS_PER_NODE", "1(x2)", 1);
    setenv("SLURM_JOB_CPUS_PER_NODE", "16,4", 1);
    check_hosts("n1:16,n2:4");
    setenv("SLURM_CPUS_PER_TASK", "8", 1);
    check_hosts("n1:2,n2:1");
}

/* srun has put the numbers of its own tasks where the job's were. */
Test(slurm, in_a_step_cpus_count)
{
    set_nodes("n1 n2");
    setenv("SLURM_NTASKS", "1", 1);
    setenv("SLURM_STEP_ID", "0", 1);
    setenv("SLURM_TASKS_PER_NODE", "1", 1);
    setenv("SLURM_JOB_CPUS_PER_NODE", "4(x2)", 1);
    check_hosts("n1:4,n2:4");
}

Test(slurm, outside_of_a_job)
{
    unsetenv("SLURM_JOB_NODELIST");
    check_hosts("");
    cr_assert_not(mr__slurm_is_job());
}

Test(slurm, what_cannot_be_understood)
{
    setenv("SLURM_JOB_CPUS_PER_NODE", "4(x2)", 1);
    set_nodes("");
    check_failure("does not tell its nodes");
    set_nodes("n1 n2 n3");
    check_failure("how many tasks this job has on n3");
    setenv("SLURM_JOB_CPUS_PER_NODE", "many", 1);
    check_failure("how many tasks this job has on n1");
    setenv("SLURM_JOB_CPUS_PER_NODE", "4(x3)", 1);
    set_nodes("a-node-with-a-long-name another-node-with-a-long-name");
    check_failure("do not fit");
    unlink(script);
    setenv("PATH", folder, 1);
    check_failure("does not tell its nodes");
}

Test(slurm, cpus_of_others_are_left_alone)
{
    cr_assert_eq(mr__slurm_cpus(8), 8);
    cr_assert(mr__slurm_lets_pin(8));
    setenv("SLURM_CPUS_ON_NODE", "2", 1); /* and yet this process may use 8: nobody has bound it */
    cr_assert_eq(mr__slurm_cpus(8), 2);
    cr_assert_not(mr__slurm_lets_pin(8));
    cr_assert(mr__slurm_lets_pin(2));
    cr_assert_eq(mr__slurm_cpus(1), 1);
    setenv("SLURM_CPUS_PER_TASK", "2", 1);
    cr_assert_not(mr__slurm_lets_pin(2));
}

Test(slurm, lists_of_hosts)
{
    static const char list[] = "n1:2,n2,n3.cluster:16";
    cr_assert_eq(mr__hosts_count(list), 3);
    cr_assert_eq(mr__hosts_slots(list), 19);
    cr_assert_eq(mr__hosts_most_slots(list), 16);
    cr_assert_eq(mr__hosts_slots_of(list, "n2"), 1);
    cr_assert_eq(mr__hosts_slots_of(list, "n3"), 16);
    cr_assert_eq(mr__hosts_slots_of(list, "n"), 0);
    cr_assert_eq(mr__hosts_slots_of("", "n1"), 0);
}
