/* What is done for each command: one function a command, found in one table. Private to the uplink folder. */
#ifndef CEMSD_PUBLISH_UPLINK_ACT_H
#define CEMSD_PUBLISH_UPLINK_ACT_H

#include "publish/uplink/platform.h"

enum { ACT_PENDING = -1, ACT_SILENT = -2 }; /* an act that ends later; one that has no 9012 */

/* What an act is given. */
struct turn {
    struct platform *p;
    const struct asked *asked;
    const struct hj212_command *command;
    const struct hj212_request *request;
};

/* The act of a command: it returns ExeRtn (enum hj212_exe_rtn) or one of those above. NULL when there is none. */
int (*act_find(int cn))(const struct turn *turn);

#endif
