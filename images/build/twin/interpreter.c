/*
 * Runs an arm64 program on an x86-64 builder. The kernel (binfmt_misc, flags PF) calls it as
 *   interpreter PATH ARGV0 ARGUMENT...
 * When PATH has an x86-64 twin in the map, the twin is run by the twins' own dynamic loader; otherwise QEMU runs PATH.
 *
 * It has no C library, so that the smallest of compilers builds it without headers and it starts in any root.
 */
#define FOLDER "/.hearth-twins"
#define LIBRARIES FOLDER "/root/usr/lib/x86_64-linux-gnu"

enum { READLINK = 89, ACCESS = 21, OPEN = 2, WRITE = 1, EXECVE = 59, EXIT = 60 };
enum { O_PATH_CLOEXEC = 010000000 | 02000000, EXECUTABLE = 1, LONGEST = 4096, MOST_ARGUMENTS = 65536 };

long system_call(long number, long first, long second, long third) {
  long result;
  asm volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
  return result;
}

static long length(const char *text) {
  long count = 0;
  while (text[count]) count++;
  return count;
}

static int begins(const char *text, const char *with) {
  while (*with) if (*text++ != *with++) return 0;
  return 1;
}

/* Writes MAP and the program's path, with all links followed, into `twin`; 0 when the program has no twin. */
static int find_twin(const char *program, char *twin) {
  const char *map = FOLDER "/map";
  char link[] = "/proc/self/fd/\0\0\0";
  long i, size, digit = 1, end = length(link), start = length(map);
  long file = system_call(OPEN, (long)program, O_PATH_CLOEXEC, 0);
  if (file < 0 || file > 999) return 0;
  while (digit * 10 <= file) digit *= 10;
  for (; digit > 0; digit /= 10) link[end++] = '0' + file / digit % 10;
  for (i = 0; i < start; i++) twin[i] = map[i];
  size = system_call(READLINK, (long)link, (long)(twin + start), LONGEST - 1);
  if (size <= 0) return 0;
  twin[start + size] = 0;
  return system_call(ACCESS, (long)twin, EXECUTABLE, 0) == 0;
}

static char twin[LONGEST + 64];
static const char *arguments[MOST_ARGUMENTS];

long main(long *stack) {
  long count = stack[0], used = 0, i, traced = 0;
  const char **given = (const char **)(stack + 1), **environment = given + count + 1;
  const char *failure = "hearth: " FOLDER "/qemu-aarch64 cannot be started\n";
  if (count < 3 || count + 8 > MOST_ARGUMENTS) system_call(EXIT, 127, 0, 0);
  /* Asked for its libraries (ldd), the program must name its own, not the twin's. */
  for (i = 0; environment[i]; i++) if (begins(environment[i], "LD_TRACE_LOADED_OBJECTS=")) traced = 1;

  if (!traced && find_twin(given[1], twin)) {
    arguments[used++] = "ld.so";
    arguments[used++] = "--library-path";
    arguments[used++] = LIBRARIES ":" LIBRARIES "/systemd";
    arguments[used++] = "--argv0";
    arguments[used++] = given[2];
    arguments[used++] = twin;
    for (i = 3; i < count; i++) arguments[used++] = given[i];
    arguments[used] = 0;
    system_call(EXECVE, (long)(LIBRARIES "/ld-linux-x86-64.so.2"), (long)arguments, (long)environment);
  }
  used = 0;
  arguments[used++] = "qemu-aarch64";
  arguments[used++] = "-0";
  arguments[used++] = given[2];
  arguments[used++] = given[1];
  for (i = 3; i < count; i++) arguments[used++] = given[i];
  arguments[used] = 0;
  system_call(EXECVE, (long)(FOLDER "/qemu-aarch64"), (long)arguments, (long)environment);
  system_call(WRITE, 2, (long)failure, length(failure));
  return system_call(EXIT, 127, 0, 0);
}

/* The stack as the kernel leaves it: count, arguments, 0, environment, 0. */
asm(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call main\n");
