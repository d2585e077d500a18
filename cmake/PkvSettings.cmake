# Compiler settings of every target of the project, applied by function rather than globally, so that
# a parent project that adds pkv as a sub-directory is left alone.

# Fuzzers are told by instrumentation in the library where an input has led; it is of no other use.
if(PKV_BUILD_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "PKV_BUILD_FUZZERS needs clang: -DCMAKE_CXX_COMPILER=clang++")
  endif()
  set(PKV_SANITIZE fuzzer-no-link,address,undefined)
endif()

function(pkv_target_settings target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
    -Wnon-virtual-dtor -Woverloaded-virtual
    # Asio's frame allocator trips it in optimised builds with GCC 12, without a fault behind it.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
    $<$<BOOL:${PKV_WERROR}>:-Werror>)
  if(CMAKE_UNITY_BUILD)
    # Files compiled together see each other's names, and none of them is the main file.
    target_compile_options(${target} PRIVATE
      -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
  if(PKV_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${PKV_SANITIZE} -fno-omit-frame-pointer
      -fno-sanitize-recover=all)
    # A look at every pointer before it is used doubles what there is to compile. It is kept where bytes
    # are laid out by hand; elsewhere the address sanitizer finds what such a look would.
    if(NOT target STREQUAL "pkv_core")
      target_compile_options(${target} PRIVATE
        $<$<CXX_COMPILER_ID:GNU>:-fno-sanitize=null,alignment,vptr,object-size>)
    endif()
    target_link_options(${target} PUBLIC -fsanitize=${PKV_SANITIZE})
    # GCC's uninitialised-use analysis misfires under the sanitizers (GCC PR 105562).
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    if(PKV_SANITIZE MATCHES "thread")
      # Asio's fenced blocks use fences that ThreadSanitizer cannot model (chriskohlhoff/asio#1193).
      target_compile_definitions(${target} PUBLIC BOOST_ASIO_DISABLE_FENCED_BLOCK)
      target_compile_options(${target} PUBLIC $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
    endif()
  endif()
endfunction()
