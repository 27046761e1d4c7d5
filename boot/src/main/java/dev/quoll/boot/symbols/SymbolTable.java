package dev.quoll.boot.symbols;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Functions by address, unsigned. */
public final class SymbolTable {
    /** A function's beginning. @param size in bytes; 0 when the next symbol ends it */
    public record Symbol(long address, long size, String name) {}

    /** A function without a size, and without another behind it, is no longer than this. */
    private static final long LONGEST = 1 << 20;

    private final Symbol[] symbols;

    /** @param symbols in any order; of several at one address the first is taken */
    public SymbolTable(List<Symbol> symbols) {
        Symbol[] sorted = symbols.toArray(Symbol[]::new);
        Arrays.sort(sorted, Comparator.comparing(Symbol::address, Long::compareUnsigned));
        int count = 0;
        for (Symbol symbol : sorted) {
            if (count == 0 || sorted[count - 1].address != symbol.address) {
                sorted[count++] = symbol;
            }
        }
        this.symbols = Arrays.copyOf(sorted, count);
    }

    public int size() {
        return symbols.length;
    }

    /** The function that an address lies in. */
    public Optional<Symbol> at(long address) {
        int low = 0;
        int high = symbols.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(symbols[middle].address, address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == 0) {
            return Optional.empty();
        }
        Symbol symbol = symbols[low - 1];
        long size = symbol.size != 0 ? symbol.size : low < symbols.length ? symbols[low].address - symbol.address : LONGEST;
        return Long.compareUnsigned(address - symbol.address, size) < 0 ? Optional.of(symbol) : Optional.empty();
    }
}
