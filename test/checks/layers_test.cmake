# Shows that CheckLayers.cmake finds what it is there for: each case is a small tree with one fault.
# Run as: cmake -DCHECK=<CheckLayers.cmake> -DFOLDER=<scratch folder> -P layers_test.cmake
cmake_minimum_required(VERSION 3.25)

# A tree without faults, to which each case adds one file.
function(make_good_tree)
  file(REMOVE_RECURSE "${FOLDER}")
  file(WRITE "${FOLDER}/lib/include/pkv/errc.hpp" "#include <boost/system/error_code.hpp>\n")
  file(WRITE "${FOLDER}/lib/include/pkv/client.hpp"
    "#include <boost/asio/io_context.hpp>\n#include \"pkv/errc.hpp\"\n")
  file(WRITE "${FOLDER}/lib/src/base/CMakeLists.txt" "  \${root}/lib/include/pkv/errc.hpp)\n")
  file(WRITE "${FOLDER}/lib/src/net/client/CMakeLists.txt" "include/pkv/client.hpp\n")
  file(WRITE "${FOLDER}/lib/src/base/a.hpp" "#include \"pkv/errc.hpp\"\n#include <vector>\n")
  file(WRITE "${FOLDER}/lib/src/ring/a.cpp" "#include \"base/a.hpp\"\n#include \"ring/a.hpp\"\n")
  file(WRITE "${FOLDER}/lib/src/worker/a.cpp" "#include \"storage/a.hpp\"\n")
  file(WRITE "${FOLDER}/lib/src/net/server/a.cpp"
    "#include \"coordinator/a.hpp\"\n#include <boost/asio.hpp>\n")
  file(WRITE "${FOLDER}/lib/src/mpi/a.cpp" "#include <mpi.h>\n#include \"worker/a.hpp\"\n")
  file(WRITE "${FOLDER}/apps/pkv/main.cpp" "#include \"arguments.hpp\"\n#include \"net/a.hpp\"\n")
  file(WRITE "${FOLDER}/build-here/a.cpp" "")
  file(WRITE "${FOLDER}/.hidden/a.cpp" "")
endfunction()

function(run_check status output)
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${FOLDER} -P "${CHECK}"
    RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text)
  # CMake wraps long lines of a message.
  string(REGEX REPLACE "[ \n]+" " " text "${text}")
  set(${status} "${code}" PARENT_SCOPE)
  set(${output} "${text}" PARENT_SCOPE)
endfunction()

function(expect_fault file line message)
  make_good_tree()
  file(APPEND "${FOLDER}/${file}" "${line}\n")
  run_check(status output)
  string(FIND "${output}" "${message}" at)
  if(status EQUAL 0 OR at EQUAL -1)
    message(FATAL_ERROR "'${line}' in ${file} should give '${message}', but gave:\n${output}")
  endif()
endfunction()

make_good_tree()
run_check(status output)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "A tree without faults was refused:\n${output}")
endif()

expect_fault(lib/src/base/b.hpp "#include \"ring/a.hpp\""
  "lib/src/base/b.hpp: layer 'base' must not include layer 'ring'")
expect_fault(lib/src/ring/b.cpp "#include \"wire/a.hpp\""
  "layer 'ring' must not include layer 'wire'")
expect_fault(lib/src/worker/b.cpp "  #  include \"coordinator/a.hpp\""
  "layer 'worker' must not include layer 'coordinator'")
expect_fault(lib/src/mpi/b.cpp "#include \"net/a.hpp\"" "layer 'mpi' must not include layer 'net'")
expect_fault(lib/src/net/client/b.cpp "#include \"mpi/a.hpp\""
  "layer 'net' must not include layer 'mpi'")
expect_fault(lib/src/storage/b.cpp "#include \"pkv/client.hpp\""
  "layer 'storage' must not include layer 'net'")
expect_fault(lib/src/coordinator/b.hpp "#include <boost/asio/post.hpp>"
  "layer 'coordinator' must not know Asio")
expect_fault(lib/src/mpi/b.hpp "#include <boost/asio.hpp>" "layer 'mpi' must not know Asio")
expect_fault(lib/include/pkv/errc.hpp "#include <boost/asio/error.hpp>"
  "layer 'base' must not know Asio")
expect_fault(lib/src/net/b.cpp "#include <mpi.h>" "layer 'net' must not know MPI")
expect_fault(apps/pkv_server/main.cpp "#include \"mpi.h\"" "layer 'apps' must not know MPI")
expect_fault(lib/include/pkv/client.hpp "#include \"base/a.hpp\""
  "a public header must not include the private base/a.hpp")
expect_fault(lib/include/pkv/errc.hpp "#include \"pkv/client.hpp\""
  "layer 'base' must not include layer 'net'")
expect_fault(lib/include/pkv/newcomer.hpp ""
  "lib/include/pkv/newcomer.hpp: is installed by no layer's CMakeLists.txt")
expect_fault(lib/src/newcomer/a.cpp "" "lib/src/newcomer/a.cpp: is in no layer")
expect_fault(lib/src/base/b.cpp "#include \"b.hpp\"" "b.hpp is in no layer")
expect_fault(scripts/deploy.sh "" "scripts/: the top has only the folders")

file(REMOVE_RECURSE "${FOLDER}/lib" "${FOLDER}/apps")
run_check(status output)
if(status EQUAL 0 OR NOT output MATCHES "No source files")
  message(FATAL_ERROR "A tree without sources was accepted:\n${output}")
endif()
