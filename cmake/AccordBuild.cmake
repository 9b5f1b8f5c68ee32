# What every target of this project shares: language level, warnings, and the three functions below.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(ACCORD_CCACHE ccache)
if(ACCORD_CCACHE)  # paths relative to the source tree, so that every clone and worktree shares one cache
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${ACCORD_CCACHE})
endif()
find_program(ACCORD_MOLD mold)
if(ACCORD_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
# Equal bits on every machine need IEEE arithmetic as written (DESIGN: outer step); equal paths help the cache.
add_compile_options(-ffp-contract=off -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)

add_library(accord_warnings INTERFACE)
target_compile_options(accord_warnings INTERFACE -Wall -Wextra -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>  # g++ 12: false in std::variant of containers
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)

# Most of the time of a build from nothing goes to headers and templates that many files share. With ACCORD_UNITY
# eight files of a target are compiled as one: all of it takes half as long, a change of one file twice as long.
# ALONE: files that no other may be compiled with: their names are others', too, or the linker picks them alone.
option(ACCORD_UNITY "Compile several files at once" OFF)
function(accord_unity target)
  cmake_parse_arguments(U "" "" "ALONE" ${ARGN})
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${ACCORD_UNITY} UNITY_BUILD_BATCH_SIZE 8)
  set_source_files_properties(${U_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# accord_module(name SOURCES a.cc ... [ALONE a.cc ...] DEPS accord_base ... PRIVATE third-party ...): one library a directory of src/.
# A library that only this module may include goes to PRIVATE, so that its headers reach nobody else.
function(accord_module name)
  cmake_parse_arguments(M "" "" "SOURCES;ALONE;DEPS;PRIVATE" ${ARGN})
  add_library(accord_${name} STATIC ${M_SOURCES})
  target_include_directories(accord_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(accord_${name} PUBLIC accord_api ${M_DEPS} PRIVATE accord_warnings ${M_PRIVATE})
  accord_unity(accord_${name} ALONE ${M_ALONE})
endfunction()

# accord_program(name SOURCES main.cc DEPS ...): one executable of src/apps.
function(accord_program name)
  cmake_parse_arguments(P "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${P_SOURCES})
  target_link_libraries(${name} PRIVATE accord_warnings ${P_DEPS})
endfunction()

# What .ci/run also builds and runs under the address and undefined-behaviour sanitizers: the tests in directories
# of these names. Not here: all that links gRPC or torch, which would take longer than everything else together.
set(ACCORD_SANITIZED base bundle charter cohort config crypto data dataset driver job ledger model plan privacy property publish round secagg
  store strategy task update)
add_custom_target(sanitized_tests)

# accord_test(name SOURCES a_test.cc ... [ALONE a_test.cc ...] DEPS ... [LABELS unit]): one GTest binary, one ctest entry.
function(accord_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;ALONE;DEPS;LABELS" ${ARGN})
  add_executable(test_${name} ${T_SOURCES})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(test_${name} PRIVATE accord_warnings ${T_DEPS} GTest::gmock GTest::gtest_main)
  if(CMAKE_BUILD_TYPE STREQUAL Release)  # where all of them are built
    accord_unity(test_${name} ALONE ${T_ALONE})
  endif()
  # Tests run in the source directory and say "." for it: an absolute path would spoil the shared compiler cache.
  target_compile_definitions(test_${name} PRIVATE ACCORD_SOURCE_DIR=".")
  add_test(NAME ${name} COMMAND test_${name} --gtest_brief=1 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(NOT T_LABELS)
    set(T_LABELS unit)
  endif()
  get_filename_component(directory ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(directory IN_LIST ACCORD_SANITIZED)
    list(APPEND T_LABELS sanitized)
    add_dependencies(sanitized_tests test_${name})
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 600)  # under the sanitizers on a busy machine half a minute becomes minutes; only a hang takes longer
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${T_LABELS}" TIMEOUT ${T_TIMEOUT})
endfunction()
