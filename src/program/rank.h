/* What a rank other than main does: comes up, parks, runs processes, ends. */
#ifndef MR_RANK_H
#define MR_RANK_H

/* Serves processes until the program ends; report: to its supervisor. */
_Noreturn void mr__rank_serve(int report);

#endif
