/* cemsctl ack ID --by WHO --note TEXT: somebody has seen an alarm and says so. Taken only at the operator's door
 * (control), journalled and published with who and what they said. */
#include "ctl/ctl.h"

#include <stdio.h>

int ctl_ack(struct ctl *ctl)
{
    if (ctl->argc != 1 || !ctl->by || !ctl->by[0] || !ctl->note)
        return ctl_fail(CTL_USAGE, "ack ID --by WHO --note TEXT");
    const char *endpoint = ctl_endpoint(ctl);
    if (!endpoint)
        return CTL_CONFIG;
    json_t *answer = ctl_ask_with(
        ctl, endpoint,
        json_pack("{s:s, s:s, s:s, s:s}", "op", "ack", "id", ctl->argv[0], "by", ctl->by, "note", ctl->note));
    if (!answer)
        return CTL_FAILED;
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    int code = reason ? ctl_fail(CTL_FAILED, "%s: %s", ctl->argv[0], reason) : CTL_DONE;
    if (!reason && ctl->json) {
        json_dumpf(answer, stdout, JSON_COMPACT);
        printf("\n");
    } else if (!reason) {
        printf("%s: acknowledged\n", ctl->argv[0]);
    }
    json_decref(answer);
    return code;
}
