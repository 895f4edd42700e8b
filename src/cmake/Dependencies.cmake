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

# The header tells its version; the library's own is looked at by mr_init.
find_file(MULTIRANK_MPI_HEADER mpi.h PATHS ${MPI_C_INCLUDE_DIRS} NO_DEFAULT_PATH)
mark_as_advanced(MULTIRANK_MPI_HEADER)
if(MPI_C_FOUND AND MULTIRANK_MPI_HEADER)
  file(STRINGS "${MULTIRANK_MPI_HEADER}" version REGEX "^#define OMPI_(MAJOR|MINOR|RELEASE)_VERSION ")
  string(REGEX REPLACE "#define OMPI_[A-Z]+_VERSION " "" version "${version}")
  string(REPLACE ";" "." version "${version}")
  if(NOT version MATCHES "^4\\.1\\.")
    message(FATAL_ERROR "Multirank works with Open MPI 4.1 only, which Debian 12 has; ${MULTIRANK_MPI_HEADER} is of "
                        "${version} (no version: another MPI).")
  endif()
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
