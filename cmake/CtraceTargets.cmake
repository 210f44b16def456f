# The shapes every target of the project has: warnings, sanitizers, rooms, unit tests, fuzzers.

add_library(ctrace_flags INTERFACE)
target_include_directories(ctrace_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(ctrace_flags INTERFACE _GNU_SOURCE CTRACE_VERSION="${PROJECT_VERSION}")
target_compile_options(ctrace_flags INTERFACE
	-Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
	-Wundef -Wcast-qual -Wwrite-strings -Wpointer-arith -fno-strict-aliasing)
if(CTRACE_SANITIZE)
	target_compile_options(ctrace_flags INTERFACE -fsanitize=address,undefined
		-fno-sanitize-recover=undefined)
	target_link_options(ctrace_flags INTERFACE -fsanitize=address,undefined)
else()
	target_compile_options(ctrace_flags INTERFACE $<$<CONFIG:RelWithDebInfo>:-U_FORTIFY_SOURCE
		-D_FORTIFY_SOURCE=2>)
	target_link_options(ctrace_flags INTERFACE -Wl,-z,relro,-z,now)
endif()

if(CTRACE_FUZZ)
	# Without it the fuzzer cannot see which way an input took through our code.
	target_compile_options(ctrace_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# A room is one folder and one static library, ctrace_<name>: its link line is what it may know.
#   add_room(unwind SOURCES a.c b.c LINK ctrace_common)
function(add_room name)
	cmake_parse_arguments(ROOM "" "" "SOURCES;LINK" ${ARGN})
	add_library(ctrace_${name} STATIC ${ROOM_SOURCES})
	target_link_libraries(ctrace_${name} PUBLIC ctrace_flags ${ROOM_LINK})
endfunction()

# A cmocka program tests/unit/<room>/test_<stem>.c, run by ctest under the label "unit".
#   add_unit_test(test_eh_frame LINK ctrace_unwind [SOURCES more.c] [LABELS unit])
function(add_unit_test name)
	cmake_parse_arguments(UT "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
	if(NOT UT_LABELS)
		set(UT_LABELS unit)
	endif()
	if(NOT UT_TIMEOUT)
		set(UT_TIMEOUT 120)
	endif()
	add_executable(${name} ${name}.c ${UT_SOURCES})
	target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit)
	target_link_libraries(${name} PRIVATE ctrace_flags ${UT_LINK} PkgConfig::CMOCKA)
	add_test(NAME ${name} COMMAND ${name})
	set_tests_properties(${name} PROPERTIES LABELS "${UT_LABELS}" TIMEOUT ${UT_TIMEOUT}
		SKIP_RETURN_CODE 77)
endfunction()

# One source, two programs: with CTRACE_FUZZ a libFuzzer target, otherwise a replayer that ctest
# runs over tests/corpus/<name>/ (label "fuzz-regress").
#   add_fuzzer(cfi LINK ctrace_unwind)         expects tests/fuzz/fuzz_cfi.c
function(add_fuzzer name)
	cmake_parse_arguments(FZ "" "" "LINK" ${ARGN})
	if(CTRACE_FUZZ)
		add_executable(fuzz_${name} fuzz_${name}.c)
		target_link_libraries(fuzz_${name} PRIVATE ctrace_flags ${FZ_LINK} -fsanitize=fuzzer)
	else()
		add_executable(fuzz_${name} fuzz_${name}.c fuzz_main.c)
		target_link_libraries(fuzz_${name} PRIVATE ctrace_flags ${FZ_LINK})
		add_test(NAME fuzz_${name}
			COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/corpus/${name})
		set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz-regress TIMEOUT 120)
	endif()
endfunction()
