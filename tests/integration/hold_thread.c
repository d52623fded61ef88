/* hold_thread PID TID: stops one thread of a process until a line comes in, as a driver that does not come back would.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
    char line[16];
    int status;
    pid_t thread = argc == 3 ? (pid_t)strtol(argv[2], NULL, 10) : 0;
    if (thread <= 0 || ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0 ||
        ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) != 0 || waitpid(thread, &status, __WALL) != thread) {
        perror("hold_thread");
        return 1;
    }
    puts("held");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        return 1;
    return ptrace(PTRACE_DETACH, thread, NULL, NULL) != 0;
}
