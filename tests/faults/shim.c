/* Faults of the disk and of the power supply, for one process, at one chosen moment.
 *
 * Loaded with LD_PRELOAD, it stands in front of the calls by which SQLite changes files (write,
 * pwrite, ftruncate, fsync, fdatasync, unlink, rename, and open when it creates) and numbers those
 * that concern FAULT_DIR, from 1. At number FAULT_AT it does what FAULT_MODE says:
 *
 *   count      nothing
 *   kill       SIGKILL, before the call is made
 *   kill-torn  SIGKILL, after half of it was written if the call writes
 *   power      power loss before the call is made: see lose_power()
 *   power-dir  the same, where an unlink, too, lasts only once its directory is synced
 *   eio        FAULT_COUNT calls from here on (default: all) fail with EIO if they write or sync
 *   enospc     the same with ENOSPC if they write or create a file
 *
 * FAULT_REPORT names a file outside FAULT_DIR that gets "<calls> <injected>". When a call first
 * fails, the line FAULT goes to standard output, so that a reader sees what was said before and after.
 *
 * Model of the disk: what was written to a file is safe once that file was synced; before that each
 * 512-byte sector is on the disk or not, in any order. New directory entries are safe at once.
 * mmap is not watched (of SQLite's files only -shm is mapped, which recovery builds anew). Linux
 * with 64-bit off_t; FAULT_DIR and paths are absolute and free of links; one thread. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SECTOR 512
enum call { WRITE, CREATE, CUT, SYNC, NAME };

struct file { /* one inode, however many descriptors the process has for it */
    dev_t dev;
    ino_t ino;
    int fd, loses_size;
    struct file *next;
};
struct change { /* how a range of whole sectors looked before a call that is not synced yet */
    struct file *file;
    enum call call;
    off_t start, size; /* size of the whole file before the call */
    size_t length;
    struct change *older;
    char old[];
};
struct removal { /* an unlink whose directory is not synced yet; `kept` is another name of the inode */
    char path[PATH_MAX], kept[PATH_MAX];
    struct removal *older;
};

static const char *mode, *dir, *report_path;
static long at, last, calls, injected;
static uint64_t random_state;
static struct file *files;
static struct change *changes;
static struct removal *removals;

static long number(const char *name, long fallback) {
    const char *text = getenv(name);
    return text ? atol(text) : fallback;
}

__attribute__((constructor)) static void start(void) {
    dir = getenv("FAULT_DIR");
    report_path = getenv("FAULT_REPORT");
    at = number("FAULT_AT", 0);
    long count = number("FAULT_COUNT", LONG_MAX);
    last = count > LONG_MAX - at ? LONG_MAX : at + count - 1;
    random_state = (uint64_t)number("FAULT_SEED", 0) * 0x9E3779B97F4A7C15u + 1;
    mode = dir && report_path ? getenv("FAULT_MODE") : NULL;
}

__attribute__((destructor)) static void report(void) {
    char line[64];
    if (!mode) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, report_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    syscall(SYS_write, fd, line, (size_t)snprintf(line, sizeof line, "%ld %ld\n", calls, injected));
    syscall(SYS_close, fd);
}

static int is(const char *name) { return strcmp(mode, name) == 0; }
static int power(void) { return strncmp(mode, "power", 5) == 0; }

static int watched(const char *path) {
    size_t n = mode ? strlen(dir) : 0;
    return mode && strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static int watched_fd(int fd) {
    char link[32], path[PATH_MAX];
    if (!mode) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return watched(path);
}

static uint64_t draw(void) { /* splitmix64 */
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static struct file *find(const struct stat *st) {
    struct file *f = files;
    while (f && (f->dev != st->st_dev || f->ino != st->st_ino)) f = f->next;
    return f;
}

/* Our own descriptor stays open as long as the inode lives: closing it would drop SQLite's locks. */
static struct file *find_or_add(int fd, const struct stat *st) {
    char link[32];
    struct file *f = find(st);
    if (f) return f;
    f = calloc(1, sizeof *f);
    f->dev = st->st_dev, f->ino = st->st_ino, f->next = files;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    f->fd = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDWR | O_CLOEXEC, 0);
    return files = f;
}

static void remember(enum call call, int fd, off_t from, off_t to) {
    struct stat st;
    if (!power() || fstat(fd, &st) || !S_ISREG(st.st_mode)) return;
    from -= from % SECTOR, to += (SECTOR - to % SECTOR) % SECTOR;
    size_t length = to > from ? (size_t)(to - from) : 0;
    struct change *c = calloc(1, sizeof *c + length); /* past the end of the file: zeros */
    c->file = find_or_add(fd, &st);
    c->call = call, c->start = from, c->length = length, c->size = st.st_size, c->older = changes;
    changes = c;
    if (pread(c->file->fd, c->old, length, from) < 0) abort();
}

static void forget(struct file *file) {
    for (struct change **c = &changes; *c;) {
        struct change *gone = *c;
        if (gone->file != file) { c = &gone->older; continue; }
        *c = gone->older;
        free(gone);
    }
}

static off_t size_of(int fd) {
    struct stat st;
    return fstat(fd, &st) ? 0 : st.st_size;
}

/* Go back over the changes since each file's last sync, newest first. Each sector of each write is
 * lost or not; the sizes of a file (extensions, truncations) are lost or not as a whole. What is left
 * in a sector is always something it once held. The share of what is lost differs from seed to seed:
 * between an eighth and everything. */
static void lose_power(void) {
    uint64_t share = 1 + draw() % 8;
    for (struct file *f = files; f; f = f->next) f->loses_size = (int)(draw() % 2);
    for (struct change *c = changes; c; c = c->older) {
        int fd = c->file->fd;
        if (c->file->loses_size && (c->call == CUT || size_of(fd) > c->size))
            syscall(SYS_ftruncate, fd, c->size);
        if (c->call == CUT && !c->file->loses_size) continue;
        for (size_t i = 0; i < c->length; i += SECTOR) {
            off_t where = c->start + (off_t)i, left = size_of(fd) - where;
            if (left > 0 && (c->call == CUT || draw() % 8 < share))
                syscall(SYS_pwrite64, fd, c->old + i, left < SECTOR ? left : SECTOR, where);
        }
    }
    for (struct removal *r = removals; r; r = r->older)
        if (draw() % 8 < share) syscall(SYS_renameat2, AT_FDCWD, r->kept, AT_FDCWD, r->path, 0);
}

/* Count one call; strike if its time has come. Returns the errno it must fail with, or 0. */
static int point(enum call call, int fd, const void *data, size_t length, off_t offset) {
    calls++;
    if (is("count") || calls < at || calls > last) return 0;
    if (is("eio") || is("enospc")) {
        struct stat st;
        if (call == SYNC && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) return 0; /* SQLite never asks */
        if (call != WRITE && call != (is("eio") ? SYNC : CREATE)) return 0;
        if (!injected++) report(), syscall(SYS_write, 1, "FAULT\n", 6);
        return is("eio") ? EIO : ENOSPC;
    }
    if (is("kill-torn") && call == WRITE) syscall(SYS_pwrite64, fd, data, length / 2, offset);
    if (power()) lose_power();
    injected = 1;
    report();
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int fail(int error) {
    errno = error;
    return -1;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    if (watched_fd(fd)) {
        int error = point(WRITE, fd, data, length, offset);
        if (error) return fail(error);
        remember(WRITE, fd, offset, offset + (off_t)length);
    }
    return syscall(SYS_pwrite64, fd, data, length, offset);
}

ssize_t write(int fd, const void *data, size_t length) {
    if (watched_fd(fd)) {
        off_t offset = fcntl(fd, F_GETFL) & O_APPEND ? size_of(fd) : lseek(fd, 0, SEEK_CUR);
        int error = point(WRITE, fd, data, length, offset);
        if (error) return fail(error);
        remember(WRITE, fd, offset, offset + (off_t)length);
    }
    return syscall(SYS_write, fd, data, length);
}

int ftruncate(int fd, off_t size) {
    if (watched_fd(fd)) {
        point(CUT, fd, NULL, 0, 0);
        remember(CUT, fd, size, size_of(fd));
    }
    return (int)syscall(SYS_ftruncate, fd, size);
}

static void settle_removals(int directory) {
    struct stat st;
    if (fstat(directory, &st) || !S_ISDIR(st.st_mode)) return;
    for (; removals; removals = removals->older) syscall(SYS_unlinkat, AT_FDCWD, removals->kept, 0);
}

static int sync_by(long call, int fd) {
    struct stat st;
    int ours = watched_fd(fd);
    int error = ours ? point(SYNC, fd, NULL, 0, 0) : 0;
    if (error) return fail(error);
    int result = (int)syscall(call, fd);
    if (ours && result == 0 && fstat(fd, &st) == 0) forget(find(&st)), settle_removals(fd);
    return result;
}

int fsync(int fd) { return sync_by(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_by(SYS_fdatasync, fd); }

/* In power-dir the removed file waits under another name, outside FAULT_DIR, for its directory's sync. */
static void keep(const char *path) {
    struct removal *r = calloc(1, sizeof *r);
    snprintf(r->path, sizeof r->path, "%s", path);
    snprintf(r->kept, sizeof r->kept, "%.4000s.removed-%ld", report_path, calls);
    if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, r->kept, 0)) abort();
    r->older = removals, removals = r;
}

int unlink(const char *path) {
    struct stat st;
    if (watched(path) && lstat(path, &st) == 0) {
        point(NAME, -1, NULL, 0, 0);
        if (is("power-dir")) keep(path);
    }
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to) {
    if (watched(from) || watched(to)) point(NAME, -1, NULL, 0, 0);
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

#define HAS_MODE(flags) ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE)

int openat(int at_fd, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int permissions = HAS_MODE(flags) ? va_arg(rest, int) : 0;
    va_end(rest);
    if (flags & O_CREAT && watched(path) && access(path, F_OK)) {
        int error = point(CREATE, -1, NULL, 0, 0);
        if (error) return fail(error);
    }
    return (int)syscall(SYS_openat, at_fd, path, flags, permissions);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int permissions = HAS_MODE(flags) ? va_arg(rest, int) : 0;
    va_end(rest);
    return openat(AT_FDCWD, path, flags, permissions);
}

/* The names of large-file callers: the same functions where off_t has 64 bits. */
_Static_assert(sizeof(off_t) == 8, "off_t has 64 bits");
ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));
int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));
int openat64(int, const char *, int, ...) __attribute__((alias("openat")));
int open64(const char *, int, ...) __attribute__((alias("open")));
