# Fails unless every C++ block of README.md stands word for word in one of the example programs, which
# are compiled and run by the tests.
#
#   cmake -D ROOT=... -P readme_examples.cmake

cmake_minimum_required(VERSION 3.25)

file(READ "${ROOT}/README.md" readme)
file(GLOB examples "${ROOT}/test/examples/*.cpp")
set(sources "")
foreach(example IN LISTS examples)
  file(READ "${example}" source)
  string(APPEND sources "${source}\n")
endforeach()

set(opening "```cpp\n")
set(blocks 0)
while(TRUE)
  string(FIND "${readme}" "${opening}" start)
  if(start EQUAL -1)
    break()
  endif()
  string(LENGTH "${opening}" opening_length)
  math(EXPR start "${start} + ${opening_length}")
  string(SUBSTRING "${readme}" ${start} -1 readme)
  string(FIND "${readme}" "```" end)
  string(SUBSTRING "${readme}" 0 ${end} block)
  string(FIND "${sources}" "${block}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "this block of README.md is in none of test/examples/*.cpp:\n${block}")
  endif()
  string(SUBSTRING "${readme}" ${end} -1 readme)
  math(EXPR blocks "${blocks} + 1")
endwhile()

if(blocks LESS 3)
  message(FATAL_ERROR "README.md shows ${blocks} C++ programs; it should show a ring, a store and a client")
endif()
message(STATUS "${blocks} blocks of README.md are compiled")
