# What Multirank builds with. A missing one is named together with the Debian package that brings it; all missing ones
# are named at once.
find_package(PkgConfig QUIET)
set(missing "")

# need(<pkg-config module> <target> <Debian package>): a library found by pkg-config, as PkgConfig::<target>.
macro(need module target package)
  if(PkgConfig_FOUND)
    pkg_check_modules(${target} QUIET IMPORTED_TARGET ${module})
  endif()
  if(NOT ${target}_FOUND)
    string(APPEND missing "\n  ${module}: apt-get install ${package}")
  endif()
endmacro()

if(NOT PkgConfig_FOUND)
  string(APPEND missing "\n  pkg-config: apt-get install pkg-config")
endif()

find_package(MPI COMPONENTS C)
if(NOT MPI_C_FOUND)
  string(APPEND missing "\n  Open MPI: apt-get install libopenmpi-dev openmpi-bin")
endif()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads)
if(NOT Threads_FOUND)
  string(APPEND missing "\n  threads: apt-get install libc6-dev")
endif()

need(pmix PMIX libpmix-dev)
need(hwloc HWLOC libhwloc-dev)
need(nettle NETTLE nettle-dev)

if(MULTIRANK_LESSONS)
  need(libpng PNG libpng-dev)
  need(libjpeg JPEG libjpeg-dev)
  find_package(OpenMP COMPONENTS C)
  if(NOT OpenMP_C_FOUND)
    string(APPEND missing "\n  OpenMP: apt-get install gcc (or libomp-dev for clang)")
  endif()
endif()
if(MULTIRANK_TESTS OR MULTIRANK_LESSONS) # lessons are checked with it
  need(criterion CRITERION libcriterion-dev)
endif()

if(missing)
  message(FATAL_ERROR "Multirank cannot be built, because these are missing:${missing}\n"
                      "`cluster/laptop run` installs them all.")
endif()
