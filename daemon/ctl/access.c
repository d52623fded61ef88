/* cemsctl access: who may see the operator's pages. Secrets are made here and said once; the file keeps their hash. */
#include "ctl/ctl.h"

#include "publish/console/access.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SECRET_BYTES = 16, SECRET_DIGITS = 2 * SECRET_BYTES };

static const char USAGE[] = "access add NAME | remove NAME | list";

static bool make_secret(char secret[SECRET_DIGITS + 1])
{
    uint8_t bytes[SECRET_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    hex_encode(bytes, sizeof bytes, secret);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return true;
}

static int add(struct ctl *ctl, const char *path, struct access_list *access)
{
    const char *name = ctl->argv[1];
    char secret[SECRET_DIGITS + 1];
    struct error err;
    size_t place = access_find(access, name);
    if (!access_name_good(name))
        return ctl_fail(CTL_USAGE, "%s: a name is 1 to %d letters, digits, _ . or -", name, ACCESS_NAME - 1);
    if (place == ACCESS_MAX && access->count == ACCESS_MAX)
        return ctl_fail(CTL_FAILED, "%s holds %d names already", path, ACCESS_MAX);
    if (place == ACCESS_MAX)
        place = access->count++;
    struct access_entry *entry = &access->entries[place];
    snprintf(entry->name, sizeof entry->name, "%s", name);
    if (!make_secret(secret) || !chain_digest(CHAIN_SHA256, secret, SECRET_DIGITS, entry->digest))
        return ctl_fail(CTL_FAILED, "no random bits can be had");
    if (!access_write(path, access, &err))
        return ctl_fail(CTL_FAILED, "%s", err.text);
    if (ctl->json)
        printf("{\"name\":\"%s\",\"secret\":\"%s\"}\n", name, secret);
    else
        printf("%s\n%s: the secret of %s, said this once; the daemon knows it after systemctl reload cemsd\n", secret,
               path, name);
    return CTL_DONE;
}

static int take_away(struct ctl *ctl, const char *path, struct access_list *access)
{
    struct error err;
    size_t place = access_find(access, ctl->argv[1]);
    if (place == ACCESS_MAX)
        return ctl_fail(CTL_FAILED, "%s does not stand in %s", ctl->argv[1], path);
    access->entries[place] = access->entries[--access->count];
    return access_write(path, access, &err) ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", err.text);
}

int ctl_access(struct ctl *ctl)
{
    struct access_list list = {0};
    struct error err;
    const struct plant *plant = ctl_plant(ctl);
    if (!plant)
        return CTL_CONFIG;
    const char *path = plant->console.access_file;
    if (path[0] == '\0')
        return ctl_fail(CTL_FAILED, "console.access_file is not set: everybody may see all");
    if (!access_read(path, &list, &err) && access(path, F_OK) == 0)
        return ctl_fail(CTL_FAILED, "%s", err.text);
    if (ctl->argc == 2 && strcmp(ctl->argv[0], "add") == 0)
        return add(ctl, path, &list);
    if (ctl->argc == 2 && strcmp(ctl->argv[0], "remove") == 0)
        return take_away(ctl, path, &list);
    if (ctl->argc != 1 || strcmp(ctl->argv[0], "list") != 0)
        return ctl_fail(CTL_USAGE, "%s", USAGE);
    for (size_t i = 0; i < list.count; i++)
        printf("%s\n", list.entries[i].name);
    return CTL_DONE;
}
