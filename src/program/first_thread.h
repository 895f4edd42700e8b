/* Main's first thread may end by pthread_exit. The program then ends with the last of its other threads, as it
 * would without the library, whose own threads never end. */
#ifndef MR_FIRST_THREAD_H
#define MR_FIRST_THREAD_H

/* For the thread that calls mr_init, at its end: the other threads that there are now do not count. */
void mr__first_thread_watch(void);

#endif
