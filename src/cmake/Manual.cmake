# The manual, of the public headers' comments: man pages and HTML (src/manual), and what completes the command in shells.
# Perl belongs to every Debian; where there is none, there is no manual.
find_package(Perl)
set(MULTIRANK_DATE 2026-11-27) # of this version, on the pages

set(bash_completion_folder "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES completion/multirank.bash DESTINATION "${bash_completion_folder}" RENAME multirank)
install(FILES completion/_multirank DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

if(NOT PERL_FOUND)
  message(STATUS "There is no perl, so there will be no manual")
  return()
endif()
set(manual "${CMAKE_CURRENT_BINARY_DIR}/manual")
file(GLOB headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/multirank/*.h")
list(PREPEND headers "${CMAKE_CURRENT_SOURCE_DIR}/multirank.h" "${CMAKE_CURRENT_SOURCE_DIR}/multirank_mpi.h")
file(GLOB generator "${CMAKE_CURRENT_SOURCE_DIR}/manual/*.p[lm]")
add_custom_command(OUTPUT "${manual}/written"
                   COMMAND "${PERL_EXECUTABLE}" "${CMAKE_CURRENT_SOURCE_DIR}/manual/manual.pl" ${PROJECT_VERSION}
                           ${MULTIRANK_DATE} "${manual}" $<TARGET_FILE:multirank_tool> ${headers}
                   COMMAND "${CMAKE_COMMAND}" -E touch "${manual}/written"
                   DEPENDS ${generator} ${headers} multirank_tool
                   COMMENT "Writing the manual" VERBATIM)
add_custom_target(multirank_manual ALL DEPENDS "${manual}/written")
install(DIRECTORY "${manual}/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}")
install(DIRECTORY "${manual}/html" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
