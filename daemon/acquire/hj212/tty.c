#include "acquire/hj212/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

static speed_t speed_of(int baud)
{
    static const struct {
        int baud;
        speed_t speed;
    } SPEEDS[] = {{1200, B1200},     {2400, B2400},     {4800, B4800},    {9600, B9600},
                  {19200, B19200},   {38400, B38400},   {57600, B57600},  {115200, B115200},
                  {230400, B230400}, {460800, B460800}, {921600, B921600}};
    for (size_t i = 0; i < sizeof SPEEDS / sizeof SPEEDS[0]; i++)
        if (SPEEDS[i].baud == baud)
            return SPEEDS[i].speed;
    return B9600;
}

int tty_open(const struct serial *serial)
{
    struct termios t;
    int fd = open(serial->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || tcgetattr(fd, &t) != 0) {
        int why = errno == EWOULDBLOCK ? EBUSY : errno;
        close(fd);
        errno = why;
        return -1;
    }
    cfmakeraw(&t);
    cfsetspeed(&t, speed_of(serial->baud));
    t.c_cflag |= CLOCAL | CREAD;
    t.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB | PARODD);
    t.c_cflag |= serial->stop_bits == 2 ? CSTOPB : 0U;
    t.c_cflag |= serial->parity == PARITY_NONE ? 0U : serial->parity == PARITY_ODD ? PARENB | PARODD : PARENB;
    if (tcsetattr(fd, TCSANOW, &t) != 0) {
        close(fd);
        return -1;
    }
    tcflush(fd, TCIOFLUSH);
    return fd;
}
