package dev.quoll.boot.symbols;

import dev.quoll.machine.GuestMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The symbols that a Linux kernel carries for its own oopses (kallsyms), found in its memory, at the addresses where it runs.
 *
 * <p>Names are compressed: each is a length and that many numbers of tokens (Linux's scripts/kallsyms.c). In memory there follow each
 * other: the number of symbols, the names, the place of each 256th name, perhaps an order by name, the tokens, and the place of each token. The
 * offsets of the symbols and the address they count from lie before all that, or, from Linux 6.4 on, behind it. All of it begins at
 * multiples of eight. The tokens are found by those of the ten digits, and everything else is held against something else,
 * so a match is no accident. A guest may have written anything there: what does not fit is no table.
 */
public final class KernelSymbols {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final byte[] DIGITS = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009\000".getBytes(StandardCharsets.ISO_8859_1);
    private static final int TOKENS = 256;
    private static final int LONGEST_TOKEN = 64;
    private static final int FEWEST = 256;
    private static final int MOST = 1 << 20;
    /** Names have this many bytes on average, or fewer: how far before the tokens their number can be. */
    private static final int NAMES_BYTES = 32 << 20;
    private static final int LONGEST_NAME = 1024;
    /** Names looked at in vain before the search is given up: a guest shall not keep it busy. */
    private static final long PATIENCE = 50_000_000;

    private final byte[] bytes;
    private final int[] tokens = new int[TOKENS];
    private int tokenTable;
    private int tokenIndex;
    private long lookedAt;

    private KernelSymbols(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Looks for them.
     *
     * @param addressSpace CR3 of a moment in which the kernel ran
     * @return nothing when there is no such kernel, or it has none
     */
    public static Optional<List<SymbolTable.Symbol>> find(GuestMemory memory, long addressSpace) {
        for (KernelImageMap.Piece piece : KernelImageMap.read(memory, addressSpace)) {
            Optional<List<SymbolTable.Symbol>> found = in(piece.bytes());
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** Looks for them in a part of a kernel's memory, which begins at a multiple of eight. */
    static Optional<List<SymbolTable.Symbol>> in(byte[] bytes) {
        KernelSymbols symbols = new KernelSymbols(bytes);
        for (int digits = symbols.nextDigits(0); digits >= 0; digits = symbols.nextDigits(digits + 1)) {
            if (symbols.findTokens(digits)) {
                Optional<List<SymbolTable.Symbol>> found = symbols.findNames();
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private int nextDigits(int from) {
        for (int at = from; at <= bytes.length - DIGITS.length; at++) {
            if (bytes[at] == '0' && Arrays.equals(bytes, at, at + DIGITS.length, DIGITS, 0, DIGITS.length)) {
                return at;
            }
        }
        return -1;
    }

    /** The tokens around those of the digits: the first is 48 zeros before that of '0'. */
    private boolean findTokens(int digits) {
        int zeros = 0;
        for (int start = digits - 1; start >= Math.max(0, digits - '0' * LONGEST_TOKEN); start--) {
            if (bytes[start] == 0) {
                zeros++;
            }
            if (zeros > '0') {
                return false;
            }
            if (zeros == '0' && (start & 7) == 0 && tokensAt(start)) {
                return true;
            }
        }
        return false;
    }

    private boolean tokensAt(int start) {
        int at = start;
        for (int token = 0; token < TOKENS; token++) {
            tokens[token] = at;
            while (at < bytes.length && bytes[at] != 0) {
                at++;
            }
            if (at >= bytes.length || at - tokens[token] > LONGEST_TOKEN) {
                return false;
            }
            at++;
        }
        tokenTable = start;
        tokenIndex = aligned(at);
        if (!has(tokenIndex, 2 * TOKENS)) {
            return false;
        }
        for (int token = 0; token < TOKENS; token++) {
            if (((short) SHORT.get(bytes, tokenIndex + 2 * token) & 0xffff) != tokens[token] - start) {
                return false;
            }
        }
        return true;
    }

    private static int aligned(int at) {
        return at + 7 & -8;
    }

    private boolean has(long at, long count) {
        return at >= 0 && at + count <= bytes.length;
    }

    private int i32(int at) {
        return (int) INT.get(bytes, at);
    }

    /** Their number stands before them, and the places of some behind. */
    private Optional<List<SymbolTable.Symbol>> findNames() {
        for (int at = tokenTable - 8; at >= Math.max(0, tokenTable - NAMES_BYTES) && lookedAt < PATIENCE; at -= 8) {
            int count = i32(at);
            if (count >= FEWEST && count <= MOST && i32(at + 4) == 0) {
                int[] starts = nameStarts(at + 8, count);
                if (starts != null) {
                    Optional<List<SymbolTable.Symbol>> found = withOffsets(at, starts);
                    if (found.isPresent()) {
                        return found;
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Where each name begins, if the places that follow the names agree; else null. */
    private int[] nameStarts(int names, int count) {
        int[] starts = new int[count];
        int at = names;
        for (int i = 0; i < count; i++) {
            if (at + 2 > tokenTable) {
                return null;
            }
            starts[i] = at;
            at = nameTokens(at) + nameLength(at);
            lookedAt++;
        }
        int places = aligned(at);
        for (int i = 0; i < count; i += TOKENS) {
            if (places + i / TOKENS * 4 + 4 > tokenTable || i32(places + i / TOKENS * 4) != starts[i] - names) {
                return null;
            }
        }
        return starts;
    }

    /** Tokens of a name: a byte, or two of which the first has its top bit set. */
    private int nameLength(int at) {
        return bytes[at] >= 0 ? bytes[at] : bytes[at] & 0x7f | (bytes[at + 1] & 0xff) << 7;
    }

    private int nameTokens(int at) {
        return bytes[at] >= 0 ? at + 1 : at + 2;
    }

    private Optional<List<SymbolTable.Symbol>> withOffsets(int number, int[] starts) {
        int size = aligned(4 * starts.length);
        int before = number - 8 - size;
        if (has(before, size) && isKernelAddress(number - 8)) {
            return Optional.of(symbols(starts, before, (long) LONG.get(bytes, number - 8)));
        }
        int behind = aligned(tokenIndex + 2 * TOKENS);
        if (has(behind, size + 8L) && isKernelAddress(behind + size)) {
            return Optional.of(symbols(starts, behind, (long) LONG.get(bytes, behind + size)));
        }
        return Optional.empty();
    }

    private boolean isKernelAddress(int at) {
        return Long.compareUnsigned((long) LONG.get(bytes, at), KernelImageMap.START) >= 0;
    }

    private List<SymbolTable.Symbol> symbols(int[] starts, int offsets, long base) {
        // Where per-CPU variables have absolute addresses, these are positive and all others are -1 - offset.
        int negative = 0;
        for (int i = 0; i < starts.length; i++) {
            negative += i32(offsets + 4 * i) < 0 ? 1 : 0;
        }
        boolean absolute = negative > starts.length / 2;
        List<SymbolTable.Symbol> symbols = new ArrayList<>(starts.length);
        for (int i = 0; i < starts.length; i++) {
            int offset = i32(offsets + 4 * i);
            String name = name(starts[i]);
            // The first letter is the type: t and w are code, as in nm.
            if (!name.isEmpty() && "tTwW".indexOf(name.charAt(0)) >= 0 && (!absolute || offset < 0)) {
                long address = absolute ? base - 1 - offset : base + (offset & 0xffff_ffffL);
                symbols.add(new SymbolTable.Symbol(address, 0, name.substring(1)));
            }
        }
        return symbols;
    }

    private String name(int start) {
        StringBuilder name = new StringBuilder();
        int first = nameTokens(start);
        for (int i = 0; i < nameLength(start) && name.length() < LONGEST_NAME; i++) {
            for (int at = tokens[bytes[first + i] & 0xff]; bytes[at] != 0; at++) {
                name.append((char) (bytes[at] & 0xff));
            }
        }
        return name.toString();
    }
}
