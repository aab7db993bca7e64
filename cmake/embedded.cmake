# Files that the binaries carry: reset_embed(TARGET SYMBOL FILE).
reset_embed(reset_io swap_script common/io/swap.lua)

# The mail templates: every file of templates/ that the worker would read from an operator's folder, and the table
# that worker/built_in_templates.h declares.
set(templates ${CMAKE_SOURCE_DIR}/templates)
file(GLOB files RELATIVE ${templates} CONFIGURE_DEPENDS ${templates}/page.* ${templates}/locales/*.locale
     ${templates}/*/*.mail ${templates}/*/page.*)
list(SORT files)
set(declarations "")
set(rows "")
foreach(file IN LISTS files)
    string(MAKE_C_IDENTIFIER "embedded_${file}" symbol)
    reset_embed(reset_worker_room ${symbol} templates/${file})
    string(APPEND declarations "extern const unsigned char ${symbol}[];\nextern const size_t ${symbol}_size;\n")
    string(APPEND rows "    {\"${file}\", \"built-in ${file}\", ${symbol}, &${symbol}_size},\n")
endforeach()
set(table ${CMAKE_CURRENT_BINARY_DIR}/embedded/built_in_templates.c)
file(CONFIGURE OUTPUT ${table} @ONLY CONTENT [[/* made from templates/ by cmake/embedded.cmake */
#include "worker/built_in_templates.h"

@declarations@
const struct built_in_template built_in_templates[] = {
@rows@};
const size_t built_in_templates_count = sizeof built_in_templates / sizeof *built_in_templates;
]])
target_sources(reset_worker_room PRIVATE ${table})
