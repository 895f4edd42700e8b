# multirank_lesson_mpi(<NN> RANKS <n> [ARGUMENT <word> FAILS]): builds this folder's mpi.c, the lesson's example in plain
# MPI, as `mpi`, and has ctest run it under mpirun and compare its lines with mpi.expected. With ARGUMENT and FAILS it is
# one more run, with that argument, which has to fail: its lines are in mpi.<word>.expected.
set(MULTIRANK_LESSON_LINES "${CMAKE_CURRENT_LIST_DIR}/check_lines.cmake")

function(multirank_lesson_mpi number)
  cmake_parse_arguments(PARSE_ARGV 1 mpi "FAILS" "RANKS;ARGUMENT" "")
  set(program lesson_${number}_mpi)
  set(name lesson.${number}.mpi)
  set(expected "${CMAKE_CURRENT_SOURCE_DIR}/mpi.expected")
  if(mpi_ARGUMENT)
    string(APPEND name .${mpi_ARGUMENT})
    set(expected "${CMAKE_CURRENT_SOURCE_DIR}/mpi.${mpi_ARGUMENT}.expected")
  else()
    add_executable(${program} mpi.c)
    set_target_properties(${program} PROPERTIES OUTPUT_NAME mpi)
    target_compile_definitions(${program} PRIVATE _POSIX_C_SOURCE=200809L)
    target_link_libraries(${program} PRIVATE MPI::MPI_C)
  endif()
  if(MULTIRANK_TESTS)
    add_test(NAME ${name}
             COMMAND "${CMAKE_COMMAND}" -D PROGRAM=$<TARGET_FILE:${program}> -D RANKS=${mpi_RANKS} -D "MPIRUN=${MPIEXEC_EXECUTABLE}"
                     -D "ARGUMENT=${mpi_ARGUMENT}" -D FAILS=${mpi_FAILS} -D "EXPECTED=${expected}"
                     -P "${MULTIRANK_LESSON_LINES}")
    set_tests_properties(${name} PROPERTIES LABELS lesson TIMEOUT 90)
  endif()
endfunction()
