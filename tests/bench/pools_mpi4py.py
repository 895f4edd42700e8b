"""mpi4py's side of the benchmark of pools: mpirun -n N python3 -m mpi4py.futures pools_mpi4py.py tiny-one AMOUNT, and
mpirun -n 1 python3 pools_mpi4py.py up 1

Prints the seconds that a task takes on N - 1 workers of an MPIPoolExecutor, with chunks of one, or until a pool of four
has been spawned.
"""
import sys
import time

from mpi4py.futures import MPIPoolExecutor


def square(number):
    return number * number


if __name__ == "__main__":
    what, amount = sys.argv[1], int(sys.argv[2])
    begin = time.monotonic()
    with MPIPoolExecutor(4) if what == "up" else MPIPoolExecutor() as pool:
        pool.bootup(wait=True)
        if what == "up":
            print(time.monotonic() - begin)
        else:
            list(pool.map(square, range(100), chunksize=1))
            begin = time.monotonic()
            list(pool.map(square, range(amount), chunksize=1))
            print((time.monotonic() - begin) / amount)
