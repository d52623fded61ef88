# Runs PROGRAM completion SHELL (through EMULATOR when it is of another machine) into OUT.
execute_process(COMMAND ${EMULATOR} ${PROGRAM} completion ${SHELL} OUTPUT_FILE ${OUT} RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${PROGRAM} completion ${SHELL}: ${failed}")
endif()
