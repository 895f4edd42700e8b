# gdb settings for programs that use Multirank: gdb -x THIS-FILE --args PROG ARGS, or `multirank debug PROG ARGS`.
# A program consists of several processes (main and its supervisor, Open MPI's daemon, a rank and its supervisor for each
# process), which all start each other by fork. With these settings gdb has all of them on this host, so that a breakpoint
# stops in whichever comes to it. `info inferiors` lists them, `inferior N` changes to one.

set breakpoint pending on
set detach-on-fork off
set follow-fork-mode parent
set follow-exec-mode same
set schedule-multiple on
set print inferior-events off

# While one is stopped all are, so nobody may lose patience meanwhile.
set environment MULTIRANK_START_TIMEOUT 86400
set environment MULTIRANK_NODE_TIMEOUT 3600

# These are the library's, or Open MPI's.
handle SIGCHLD SIGTERM SIGPIPE nostop noprint pass

# gdb stops whenever a process ends. It is to go on as long as there are others. Those that are being killed at the end
# cannot be continued for a moment.
python
import time

multirank_is_going_on = False

def multirank_alive():
    return [one for one in gdb.inferiors() if one.pid != 0]

def multirank_go_on():
    global multirank_is_going_on
    failed, tries = False, 0
    if multirank_is_going_on:
        return
    multirank_is_going_on = True
    while tries < 250 and multirank_alive() and (failed or gdb.selected_inferior().pid == 0):
        try:
            gdb.execute("inferior %d" % multirank_alive()[tries % len(multirank_alive())].num, False, True)
            gdb.execute("continue")
            failed = False
        except gdb.error:
            failed = True
            tries += 1
            time.sleep(0.02)
    multirank_is_going_on = False

# At the prompt `continue` returns at once, in a script when it stops.
gdb.events.before_prompt.connect(multirank_go_on)
end
define hookpost-run
python multirank_go_on()
end
define hookpost-continue
python multirank_go_on()
end
