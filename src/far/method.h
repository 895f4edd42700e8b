/* Methods: what can be asked of a shared object. A method stands beside the function that does it, which always
 * runs at the object's home; who is elsewhere sends the call there (far.h). */
#ifndef MR_METHOD_H
#define MR_METHOD_H

#include "object/object.h"

struct mr__call;

typedef struct mr__method {
    const char *call; /* the public one, for sentences */
    mr__kind_number kind;
    mr_status (*run)(struct mr__call *call);
    void (*undo)(const struct mr__call *call); /* the answer has not arrived: what was taken goes back; or NULL */
} mr__method;

/* The linker makes one table of all methods. All ranks run the same build, so a method has the same number in
 * each. */
#if __has_attribute(retain)
#define MR__IN_TABLE __attribute__((used, retain, section("mr_methods")))
#else
#define MR__IN_TABLE __attribute__((used, section("mr_methods")))
#endif

/* Defines a method for this file; one that takes something away from others; one that other files ask for. */
#define MR__METHOD(name, call, kind, run) static MR__SHARED_METHOD(name, call, kind, run, NULL)
#define MR__METHOD_TAKING(name, call, kind, run, undo) static MR__SHARED_METHOD(name, call, kind, run, undo)
#define MR__SHARED_METHOD(name, call_, kind_, run_, undo_)                                      \
    const mr__method name = {.call = (call_), .kind = (kind_), .run = (run_), .undo = (undo_)}; \
    static const mr__method *const name##_entry MR__IN_TABLE = &name

/* The number of a method; the method of that number, NULL: there is none. */
int32_t mr__method_number(const mr__method *method);
const mr__method *mr__method_at(int32_t number);

#endif
