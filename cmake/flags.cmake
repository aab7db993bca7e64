# Warnings, hardening and sanitizers, on one interface target that every target of ours links.
add_library(reset_flags INTERFACE)
target_compile_options(reset_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -fno-common)
# librdkafka's RD_KAFKA_V_ macros check their arguments' types with a GNU expression, which clang reports at each use.
target_compile_options(reset_flags INTERFACE $<$<C_COMPILER_ID:Clang>:-Wno-gnu-statement-expression>)
if(RESET_WERROR)
    target_compile_options(reset_flags INTERFACE -Werror)
endif()
target_compile_definitions(reset_flags INTERFACE _GNU_SOURCE RESET_VERSION="${PROJECT_VERSION}")
target_compile_options(reset_flags INTERFACE -fstack-protector-strong -fPIE)
target_link_options(reset_flags INTERFACE -pie LINKER:-z,relro,-z,now)
if(RESET_FUZZ)
    target_compile_options(reset_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(RESET_SANITIZE)
    target_compile_options(reset_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_link_options(reset_flags INTERFACE -fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_compile_options(reset_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
