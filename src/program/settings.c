/* What main may set of the program as a whole, and what any process may ask of it. */
#include "base/context.h"
#include "base/status.h"
#include "launch/hosts.h"
#include "launch/slurm.h"
#include "universe/homes.h"
#include "universe/self.h"
#include "universe/universe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mr_status main_only(const char *call)
{
    mr_status status = mr__running(call);
    if (status == MR_OK && mr__ctx.rank != 0)
        status = mr__fail(MR_ENOTCREATOR, "%s is for the main process; this is rank %d", call, mr__ctx.rank);
    return status;
}

mr_status mr_program_set_executable(const char *path)
{
    mr_status status = main_only("mr_program_set_executable");
    if (status != MR_OK)
        return status;
    char *resolved = path == NULL ? NULL : realpath(path, NULL);
    struct stat file;
    bool is_program = resolved != NULL && stat(resolved, &file) == 0 && S_ISREG(file.st_mode);
    if (!is_program || access(resolved, X_OK) != 0) {
        const char *why = path == NULL                      ? "it is no path"
                          : resolved != NULL && !is_program ? "it is no file"
                                                            : strerror(errno);
        status = mr__fail(MR_EINVAL, "mr_program_set_executable: %s cannot be run: %s",
                          path == NULL ? "NULL" : path, why);
        free(resolved);
        return status;
    }
    mr__lock();
    free(mr__ctx.universe->executable);
    mr__ctx.universe->executable = resolved;
    mr__unlock();
    return MR_OK;
}

mr_status mr_program_set_pinning(mr_pinning pinning)
{
    mr_status status = main_only("mr_program_set_pinning");
    if (status != MR_OK)
        return status;
    if (pinning > MR_PIN_NONE)
        return mr__fail(MR_EINVAL, "mr_program_set_pinning: there is no pinning number %d", (int)pinning);
    mr__lock();
    status = mr__universe_repin(mr__ctx.universe, pinning);
    mr__unlock();
    return status;
}

mr_status mr_program_set_placement(mr_placement placement)
{
    mr_status status = main_only("mr_program_set_placement");
    if (status != MR_OK)
        return status;
    if (placement > MR_PLACE_PACKED)
        return mr__fail(MR_EINVAL, "mr_program_set_placement: there is no placement number %d", (int)placement);
    mr__lock();
    mr__ctx.universe->placement = placement;
    mr__unlock();
    return MR_OK;
}

mr_status mr_set_home(const char *host)
{
    uint32_t home = MR__NO_HOME;
    mr_status status = mr__running("mr_set_home");
    if (status == MR_OK && host != NULL)
        status =
            mr__ctx.rank == 0 ? mr__homes_await(mr__ctx.universe, host, &home) : mr__self_await_home(host, &home);
    if (status == MR_OK)
        mr__ctx.makes_at = home;
    return status;
}

int mr_cpu_count(void)
{
    return mr__running("mr_cpu_count") == MR_OK ? mr__slurm_cpus(mr__topology_pus(mr__ctx.topology)) : -1;
}

int mr_core_count(void)
{
    if (mr__running("mr_core_count") != MR_OK)
        return -1;
    mr__lock();
    int cores = mr__ctx.cores;
    mr__unlock();
    return cores;
}

int mr_host_count(void)
{
    if (main_only("mr_host_count") != MR_OK)
        return -1;
    mr__lock();
    int named = mr__hosts_count(mr__ctx.launch.hosts), seen = mr__ctx.universe->host_count, lost = 0;
    for (int i = 0; i < seen; i++)
        lost += mr__ctx.universe->hosts[i].is_lost;
    if (mr__ctx.launch.kind == MR__LAUNCH_GIVEN)
        named = mr__ctx.launch.given_hosts;
    mr__unlock();
    return (named > seen ? named : seen) - lost;
}
