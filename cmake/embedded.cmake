# Files that the binaries carry: reset_embed(TARGET SYMBOL FILE).
reset_embed(reset_io swap_script common/io/swap.lua)

# The mail templates, listed in worker/mail_templates.c.
foreach(template page.txt page.html locales/en.locale locales/ar.locale locales/ja.locale link/en.mail link/ar.mail
        link/ja.mail)
    string(MAKE_C_IDENTIFIER "embedded_${template}" symbol)
    reset_embed(reset_worker_room ${symbol} templates/${template})
endforeach()
