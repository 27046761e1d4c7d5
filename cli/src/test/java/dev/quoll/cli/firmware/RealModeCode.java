package dev.quoll.cli.firmware;

import java.util.Arrays;

/** Machine code for real mode (SDM vol. 2), as firmware and boot sectors of tests need it. */
final class RealModeCode {
    private byte[] bytes = new byte[0x1000];
    private int length;

    RealModeCode code(int... octets) {
        for (int octet : octets) {
            if (length == bytes.length) {
                bytes = Arrays.copyOf(bytes, 2 * length);
            }
            bytes[length++] = (byte) octet;
        }
        return this;
    }

    private RealModeCode word(int value) {
        return code(value, value >>> 8);
    }

    private RealModeCode dword(int value) {
        return word(value).word(value >>> 16);
    }

    /** MOV DX, port. */
    private RealModeCode port(int port) {
        return code(0xba).word(port);
    }

    /** Writes AL to a port. */
    RealModeCode outAl(int port) {
        return port(port).code(0xee);
    }

    RealModeCode out8(int port, int value) {
        return code(0xb0, value).outAl(port);
    }

    RealModeCode out16(int port, int value) {
        return code(0xb8).word(value).port(port).code(0xef);
    }

    RealModeCode out32(int port, int value) {
        return code(0x66, 0xb8).dword(value).port(port).code(0x66, 0xef);
    }

    /** Reads a port into AL. */
    RealModeCode inAl(int port) {
        return port(port).code(0xec);
    }

    /** Writes a register of PCI configuration space on bus 0, by mechanism 1. */
    RealModeCode config8(int device, int register, int value) {
        return out32(0xcf8, address(device, register)).out8(0xcfc + (register & 3), value);
    }

    RealModeCode config32(int device, int register, int value) {
        return out32(0xcf8, address(device, register)).out32(0xcfc, value);
    }

    private static int address(int device, int register) {
        return 0x8000_0000 | device << 11 | register & 0xfc;
    }

    /** AL from DS:address. */
    RealModeCode loadAl(int address) {
        return code(0xa0).word(address);
    }

    /** A byte to DS:address. */
    RealModeCode store(int address, int value) {
        return code(0xc6, 0x06).word(address).code(value);
    }

    /** A near call; this code begins at offset 0 of its segment. */
    RealModeCode call(int address) {
        int behind = length + 3;
        return code(0xe8).word(address - behind);
    }

    byte[] bytes() {
        return Arrays.copyOf(bytes, length);
    }
}
