# What `cmake --install` puts where, and what a project needs to find it again:
#
#   find_package(pkv 0.1)                  pkv::pkv: ring, store, client and server. No MPI.
#   find_package(pkv 0.1 COMPONENTS mpi)   the same and pkv::mpi, the transport to worker ranks
#   pkg-config --libs pkv                  as pkv::pkv, for other build systems
#
# A private dependency of a static library has to be found by those who link it, too.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/pkv)

install(TARGETS pkv pkv_core pkv_net EXPORT pkvTargets FILE_SET HEADERS)
install(EXPORT pkvTargets NAMESPACE pkv:: DESTINATION ${package_folder})
if(PKV_BUILD_MPI)
  install(TARGETS pkv_mpi EXPORT pkvMpiTargets FILE_SET HEADERS)
  install(EXPORT pkvMpiTargets NAMESPACE pkv:: DESTINATION ${package_folder})
endif()

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/pkvConfig.cmake.in ${PROJECT_BINARY_DIR}/pkvConfig.cmake
  INSTALL_DESTINATION ${package_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/pkvConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pkvConfig.cmake ${PROJECT_BINARY_DIR}/pkvConfigVersion.cmake
  DESTINATION ${package_folder})

# The .pc file finds its prefix from where it lies, so that the installed tree can be moved.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/pkv.pc.in ${PROJECT_BINARY_DIR}/pkv.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pkv.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
