# pkv_add_mpi_test(<name> RANKS <n>... SOURCES ... LIBRARIES ...)
#
# One program with a main of its own, run under mpiexec once for each number of ranks.
function(pkv_add_mpi_test name)
  cmake_parse_arguments(arg "" "" "RANKS;SOURCES;LIBRARIES" ${ARGN})
  add_executable(pkv_${name}_test ${arg_SOURCES})
  pkv_target_settings(pkv_${name}_test)
  target_include_directories(pkv_${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/test)
  target_link_libraries(pkv_${name}_test PRIVATE ${arg_LIBRARIES} Catch2::Catch2)
  foreach(ranks IN LISTS arg_RANKS)
    add_test(NAME ${name}_${ranks}_ranks
      COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} $<TARGET_FILE:pkv_${name}_test>)
    set_tests_properties(${name}_${ranks}_ranks PROPERTIES
      PROCESSORS ${ranks} TIMEOUT 120 LABELS mpi
      # MPI and UCX keep memory until the process ends; see test/support/lsan.supp.
      ENVIRONMENT "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/test/support/lsan.supp:print_suppressions=0")
  endforeach()
endfunction()
