/* Multirank's side of the benchmark of pipes. The amount is the number of messages. */
#ifndef PIPES_H
#define PIPES_H

double measure_pipe_small(int count); /* seconds for 8 bytes one way, half of a round trip */
double measure_pipe_large(int count); /* seconds for 1 MiB in a stream */

#endif
