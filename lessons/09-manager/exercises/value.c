//@title en: Two keys that belong together
//@title es: Dos claves que van juntas
//@hint en: Each call on a dict is whole. Are two calls?
//@hint es: Cada llamada a un diccionario es indivisible. ¿Lo son dos?
//@hint en: A struct with both numbers, in an mr_value: it has a lock of its own, and needs no manager.
//@hint es: Un struct con los dos números, en un mr_value: tiene su propio candado y no necesita administrador.
//@hint en: mr_value_get_lock, then MR_LOCKED(&lock) { get the struct, change both members, set it }; the reader's one get is whole.
//@hint es: mr_value_get_lock, y MR_LOCKED(&lock) { saca el struct, cambia los dos miembros, guárdalo }; al lector le basta un solo get.
//@fails: half changed
//@en Lesson 9, exercise value. Two writers add orders, of 7 each, to a dict: a key for their number, one for their sum. The
//@en reader sees a sum that does not fit the number, and orders get lost. Replace the manager's dict by a value that
//@en holds struct orders, and its lock. (The pause stands for what a program does between the two; leave it.)
//@es Lección 9, ejercicio value. Dos procesos anotan pedidos, de 7 cada uno, en un diccionario: una clave para su número,
//@es otra para su suma. El lector ve una suma que no corresponde al número, y se pierden pedidos. Sustituye el
//@es diccionario del administrador por un valor que contenga struct orders, y su candado. (La pausa representa lo que un
//@es programa hace entre las dos cosas; déjala.)
#include <multirank.h>
#include <stdio.h>
#include <time.h>

enum { WRITERS = 2, ORDERS = 40 /*@seed orders 30 50*/, PRICE = 7 };

struct orders {
    long count, sum;
};

static void pause_here(void)
{
    const struct timespec time = {.tv_nsec = 2000000};
    nanosleep(&time, NULL);
}

//@exercise
typedef mr_dict shared;

static mr_status set_up(shared *all)
{
    static mr_manager manager;
    mr_status status = mr_manager_init(&manager);
    status = status == MR_OK ? mr_manager_start(&manager, NULL, NULL, 0) : status;
    status = status == MR_OK ? mr_manager_make_dict(&manager, all) : status;
    status = status == MR_OK ? mr_dict_set(all, MR_STRING("count"), MR_INT(0)) : status;
    return status == MR_OK ? mr_dict_set(all, MR_STRING("sum"), MR_INT(0)) : status;
}

static long get(const shared *all, const char *key)
{
    mr_item item = {0};
    mr_dict_get(all, MR_STRING(key), &item, NULL, 0);
    return (long)item.integer;
}

static void add_order(const shared *all)
{
    mr_dict_set(all, MR_STRING("count"), MR_INT(get(all, "count") + 1));
    pause_here();
    mr_dict_set(all, MR_STRING("sum"), MR_INT(get(all, "sum") + PRICE));
}

static struct orders look(const shared *all)
{
    return (struct orders){get(all, "count"), get(all, "sum")};
}
//@solution
typedef mr_value shared;

static mr_status set_up(shared *all)
{
    return mr_value_init(all, sizeof(struct orders), NULL);
}

static void add_order(const shared *all)
{
    struct orders orders;
    mr_lock lock;
    mr_value_get_lock(all, &lock);
    MR_LOCKED(&lock)
    {
        mr_value_get(all, &orders);
        orders.count++;
        pause_here();
        orders.sum += PRICE;
        mr_value_set(all, &orders);
    }
}

static struct orders look(const shared *all)
{
    struct orders orders = {0};
    mr_value_get(all, &orders);
    return orders;
}
//@mutant no-lock: two have read the same
typedef mr_value shared;

static mr_status set_up(shared *all)
{
    return mr_value_init(all, sizeof(struct orders), NULL);
}

static void add_order(const shared *all)
{
    struct orders orders;
    mr_value_get(all, &orders);
    orders.count++;
    pause_here();
    orders.sum += PRICE;
    mr_value_set(all, &orders);
}

static struct orders look(const shared *all)
{
    struct orders orders = {0};
    mr_value_get(all, &orders);
    return orders;
}
//@mutant two-sets: half changed
typedef mr_value shared;

static mr_status set_up(shared *all)
{
    return mr_value_init_raw(all, sizeof(struct orders), NULL);
}

static void add_order(const shared *all)
{
    struct orders *orders = mr_value_data(all);
    __atomic_fetch_add(&orders->count, 1, __ATOMIC_SEQ_CST);
    pause_here();
    __atomic_fetch_add(&orders->sum, PRICE, __ATOMIC_SEQ_CST);
}

static struct orders look(const shared *all)
{
    return *(struct orders *)mr_value_data(all);
}
//@end

static int write_orders(const void *args, size_t size)
{
    const shared *all = args;
    (void)size;
    for (int i = 0; i < ORDERS; i++)
        add_order(all);
    return 0;
}

static int failed(void)
{
    fprintf(stderr, "%s\n", mr_last_error());
    mr_finalize();
    return 1;
}

int main(int argc, char **argv)
{
    mr_process writers[WRITERS];
    struct orders seen;
    shared all;
    int wrong = 0;

    if (mr_init(&argc, &argv) != MR_OK || set_up(&all) != MR_OK)
        return failed();
    for (int i = 0; i < WRITERS; i++) {
        if (mr_process_init(&writers[i], write_orders, &all, sizeof all) != MR_OK ||
            mr_process_start(&writers[i]) != MR_OK)
            return failed();
    }
    while (mr_process_is_alive(&writers[0]) || mr_process_is_alive(&writers[1])) {
        seen = look(&all);
        wrong += seen.sum != PRICE * seen.count;
        pause_here();
    }
    seen = look(&all);
    printf("the reader saw a sum that does not fit: %s\n", wrong > 0 ? "yes" : "no");
    printf("orders %ld, sum %ld\n", seen.count, seen.sum);
    return mr_finalize();
}
