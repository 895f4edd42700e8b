"""Python's side of the benchmark of pools: pools.py tiny|tiny-one|apply|up AMOUNT

Prints the seconds that a task takes on two workers of a multiprocessing.Pool, or until a pool of four is ready.
"""
import multiprocessing
import sys
import time


def square(number):
    return number * number


def work(pool, what, amount):
    if what == "apply":
        for number in range(amount):
            pool.apply(square, (number,))
    else:
        pool.map(square, range(amount), 1 if what == "tiny-one" else None)


if __name__ == "__main__":
    what, amount = sys.argv[1], int(sys.argv[2])
    context = multiprocessing.get_context("fork")
    if what == "up":
        begin = time.monotonic()
        with context.Pool(4) as pool:
            pool.map(square, range(4), 1)
            print(time.monotonic() - begin)
        sys.exit()
    with context.Pool(2) as pool:
        work(pool, what, min(amount, 100))
        begin = time.monotonic()
        work(pool, what, amount)
        print((time.monotonic() - begin) / amount)
