// Tells the lengths of instructions as libcapstone sees them.
//
// usage: capstone-lengths 64|32|16 <strings >lengths
//
// Input: strings of 15 bytes. Output: a byte for each, 0 if it starts no instruction.

#include <capstone/capstone.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **arguments) {
    int bits = count == 2 ? atoi(arguments[1]) : 0;
    if (bits != 64 && bits != 32 && bits != 16) {
        fputs("usage: capstone-lengths 64|32|16\n", stderr);
        return 1;
    }
    csh capstone;
    if (cs_open(CS_ARCH_X86, bits == 64 ? CS_MODE_64 : bits == 32 ? CS_MODE_32 : CS_MODE_16, &capstone) != CS_ERR_OK) {
        return 2;
    }
    cs_insn *instruction = cs_malloc(capstone);
    uint8_t string[15];
    while (fread(string, sizeof string, 1, stdin) == 1) {
        const uint8_t *code = string;
        size_t size = sizeof string;
        uint64_t address = 0;
        putchar(cs_disasm_iter(capstone, &code, &size, &address, instruction) ? instruction->size : 0);
    }
    return 0;
}
