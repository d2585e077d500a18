# Fails when a file includes what its layer must not know. Run as a script:
#
#   cmake -DROOT=<source tree> -P cmake/CheckLayers.cmake
#
# The layers, each of which may include itself and those to its left, not its neighbours:
#
#   base <- protocol ring wire storage sql <- coordinator worker <- mpi net <- apps
#
# A private header belongs to the layer of its folder below lib/src, a public one to the layer whose
# CMakeLists.txt installs it. Asio belongs to net and apps alone, MPI to mpi alone. And the source
# tree has no visible folders at the top but the known ones.
cmake_minimum_required(VERSION 3.25)

if(NOT DEFINED ROOT)
  get_filename_component(ROOT ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
endif()

set(known_folders lib apps bench test cmake)

set(below_base base)
foreach(layer protocol ring wire storage sql)
  set(below_${layer} base ${layer})
endforeach()
foreach(layer coordinator worker)
  set(below_${layer} base protocol ring wire storage sql ${layer})
endforeach()
foreach(layer mpi net)
  set(below_${layer} base protocol ring wire storage sql coordinator worker ${layer})
endforeach()
set(below_apps ${below_net} mpi apps)

set(layers_with_asio net apps)
set(layers_with_mpi mpi)

# Sets public_<name> to the layer that installs pkv/<name>.hpp.
file(GLOB_RECURSE lists "${ROOT}/lib/src/CMakeLists.txt")
foreach(list IN LISTS lists)
  file(RELATIVE_PATH file "${ROOT}/lib/src" "${list}")
  string(REGEX MATCH "^[^/]+" layer "${file}")
  file(STRINGS "${list}" lines REGEX "include/pkv/.*\\.hpp")
  foreach(text IN LISTS lines)
    string(REGEX MATCHALL "include/pkv/[a-z0-9_]+" names "${text}")
    foreach(name IN LISTS names)
      string(REPLACE "include/pkv/" "public_" name "${name}")
      set(${name} ${layer})
    endforeach()
  endforeach()
endforeach()

set(faults "")

# The layer of the header that "..." names, empty when it is none of the project's layers.
function(layer_of_include include layer)
  string(REGEX MATCH "^[^/]+" folder "${include}")
  if(folder STREQUAL "pkv")
    layer_of_public_header("${include}" found)
  else()
    set(found ${folder})
  endif()
  if(NOT DEFINED below_${found})
    set(found "")
  endif()
  set(${layer} "${found}" PARENT_SCOPE)
endfunction()

function(layer_of_public_header path layer)
  get_filename_component(name "${path}" NAME_WE)
  set(${layer} "${public_${name}}" PARENT_SCOPE)
endfunction()

# Checks one #include line of `file`, which is in `layer`. Sets `fault` to what is wrong, or to "".
function(check_include text layer is_public fault)
  set(${fault} "" PARENT_SCOPE)
  string(REGEX MATCH "[<\"]([^>\"]+)[>\"]" ignored "${text}")
  set(include "${CMAKE_MATCH_1}")
  if(include MATCHES "^boost/asio" AND NOT layer IN_LIST layers_with_asio)
    set(${fault} "layer '${layer}' must not know Asio, but includes ${include}" PARENT_SCOPE)
  elseif(include MATCHES "^(mpi\\.h|uc[pst]/)" AND NOT layer IN_LIST layers_with_mpi)
    set(${fault} "layer '${layer}' must not know MPI, but includes ${include}" PARENT_SCOPE)
  elseif(text MATCHES "\"")
    layer_of_include("${include}" target)
    if(is_public AND NOT include MATCHES "^pkv/")
      set(${fault} "a public header must not include the private ${include}" PARENT_SCOPE)
    elseif(target STREQUAL "" AND NOT layer STREQUAL "apps")
      set(${fault} "${include} is in no layer" PARENT_SCOPE)
    elseif(NOT target STREQUAL "" AND NOT target IN_LIST below_${layer})
      set(${fault} "layer '${layer}' must not include layer '${target}': ${include}" PARENT_SCOPE)
    endif()
  endif()
endfunction()

function(check_file path layer is_public)
  file(STRINGS "${path}" lines REGEX "^[ \t]*#[ \t]*include")
  file(RELATIVE_PATH file "${ROOT}" "${path}")
  foreach(text IN LISTS lines)
    check_include("${text}" ${layer} ${is_public} fault)
    if(fault)
      string(APPEND faults "  ${file}: ${fault}\n")
    endif()
  endforeach()
  set(faults "${faults}" PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE private_files "${ROOT}/lib/src/*.hpp" "${ROOT}/lib/src/*.cpp")
foreach(path IN LISTS private_files)
  file(RELATIVE_PATH file "${ROOT}/lib/src" "${path}")
  string(REGEX MATCH "^[^/]+" layer "${file}")
  if(DEFINED below_${layer})
    check_file("${path}" ${layer} FALSE)
  else()
    string(APPEND faults "  lib/src/${file}: is in no layer\n")
  endif()
endforeach()

file(GLOB_RECURSE public_files "${ROOT}/lib/include/*.hpp")
foreach(path IN LISTS public_files)
  layer_of_public_header("${path}" layer)
  if(layer)
    check_file("${path}" ${layer} TRUE)
  else()
    file(RELATIVE_PATH file "${ROOT}" "${path}")
    string(APPEND faults "  ${file}: is installed by no layer's CMakeLists.txt\n")
  endif()
endforeach()

file(GLOB_RECURSE app_files "${ROOT}/apps/*.hpp" "${ROOT}/apps/*.cpp")
foreach(path IN LISTS app_files)
  check_file("${path}" apps FALSE)
endforeach()

file(GLOB entries RELATIVE "${ROOT}" "${ROOT}/*")
foreach(entry IN LISTS entries)
  if(NOT IS_DIRECTORY "${ROOT}/${entry}" OR entry IN_LIST known_folders OR
      entry MATCHES "^(\\.|build)")
    continue()
  endif()
  string(APPEND faults "  ${entry}/: the top has only the folders ${known_folders}\n")
endforeach()

list(LENGTH private_files private_count)
list(LENGTH public_files public_count)
list(LENGTH app_files app_count)
math(EXPR count "${private_count} + ${public_count} + ${app_count}")
if(count EQUAL 0)
  message(FATAL_ERROR "No source files below ${ROOT}")
elseif(faults)
  message(FATAL_ERROR "The layers are broken:\n${faults}")
endif()
message(STATUS "${count} files keep to their layers")
