/* What can be asked of a set and other items: the first number of a request. */
#ifndef MR_SET_H
#define MR_SET_H

typedef enum mr__set_operation {
    MR__SET_UNION,
    MR__SET_INTERSECTION,
    MR__SET_DIFFERENCE,
    MR__SET_SYMMETRIC_DIFFERENCE
} mr__set_operation;

enum { MR__SET_IS_DISJOINT, MR__SET_IS_SUBSET, MR__SET_IS_SUPERSET };

#endif
