/* What is behind an mr_process. */
#ifndef MR_PROCESS_H
#define MR_PROCESS_H

#include "universe/start.h"

enum { MR__KEY_MAX = 256 };

typedef enum mr__process_role { MR__CHILD, MR__SELF, MR__PARENT } mr__process_role;
typedef enum mr__process_state { MR__PROCESS_NEW, MR__PROCESS_STARTED, MR__PROCESS_ENDED } mr__process_state;

typedef struct mr__process {
    mr__process_role role;
    mr__process_state state;
    uint64_t handle;
    const mr_class *class_;   /* NULL: of a function */
    const mr_process *object; /* of a class: the caller's struct, copied at the start */
    mr__start *message;       /* until the start; the payload is in place already */
    size_t payload;
    char *name, *identity;
    bool daemon, reuse;
    uint64_t reservation;
    int *group; /* whom it starts together with: their ranks in the batch (group.c); NULL: nobody */
    uint32_t group_size;
    unsigned char key[MR__KEY_MAX];
    size_t key_size;
    char wanted_host[MR__HOST_SIZE];
    mr__placed placed;
    int exitcode;
    int sentinel;      /* eventfd; -1 until asked for */
    unsigned children; /* SELF: how many processes it has made */
} mr__process;

/* Makes it a daemon that is to start in one of the ranks reserved under that number. */
mr_status mr__process_reserve(mr_process *object, uint64_t reservation);

/* The same for one of a group, whose ranks are copied; 0: of none any more. */
mr_status mr__process_join_group(mr_process *object, uint64_t reservation, const int *ranks, uint32_t count);

/* Makes the calling process's own entry: main's; and the one that a start message describes, with its parent's
 * (lock held). */
mr_status mr__process_enter_main(mr_process *main_object);
mr_status mr__process_enter(const mr__start *message, const mr__placed *placed, mr_process *self,
                            mr_process *parent);

/* Forgets the processes of a rank that is to serve again. Takes the lock itself. */
void mr__process_leave(void);

/* What the universe tells of the ends of processes. */
extern const mr__family mr__process_family;

/* How many of the caller's processes have been made and not been started. Lock held. */
int mr__process_pending(void);

/* What Python does at the end of a process: terminates the daemons among the caller's children, joins all others.
 */
void mr__process_end_children(void);

#endif
