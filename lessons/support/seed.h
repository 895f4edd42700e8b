/* The numbers and words of an exercise that differ from learner to learner. */
#ifndef LESSON_SEED_H
#define LESSON_SEED_H

/* The number between low and high, both included, that belongs to a learner's seed; the usual one for seed 0. */
long seed_number(unsigned long seed, const char *name, long usual, long low, long high);

/* Which of count things it is; `usual` for seed 0. */
int seed_choice(unsigned long seed, const char *name, int usual, int count);

#endif
