package dev.quoll.machine;

import java.util.Set;

/**
 * The user state components of the XSAVE area in standard format (SDM vol. 1, 13.1 and 13.5; APM vol. 2, 11.5).
 * The bit of a component in XCR0 and XSTATE_BV is its {@link #number}.
 */
public enum XsaveComponent {
    /** The legacy region's x87 part. */
    X87(0, 0, 160, CpuFeature.FPU),
    /** XMM registers and MXCSR, also in the legacy region. */
    SSE(1, 160, 256, CpuFeature.SSE),
    /** Upper halves of YMM0-YMM15. */
    AVX(2, 576, 256, CpuFeature.AVX),
    /** The protection key rights register; this place is AMD's, where no AVX-512 state comes before it. */
    PKRU(9, 832, 8, CpuFeature.PKU);

    /** Bytes of the legacy region and the header, which every area has. */
    public static final int LEGACY_AND_HEADER = 576;

    private static final XsaveComponent[] ALL = values();

    private final int number;
    private final int offset;
    private final int size;
    private final CpuFeature feature;

    XsaveComponent(int number, int offset, int size, CpuFeature feature) {
        this.number = number;
        this.offset = offset;
        this.size = size;
        this.feature = feature;
    }

    /** Bit in XCR0. */
    public int number() {
        return number;
    }

    /** Bytes from the start of a standard-format area. */
    public int offset() {
        return offset;
    }

    /** Bytes. */
    public int size() {
        return size;
    }

    /** The feature that brings the component. */
    public CpuFeature feature() {
        return feature;
    }

    /** Whether the component lies behind the header. */
    public boolean extended() {
        return offset >= LEGACY_AND_HEADER;
    }

    /** Bits that XCR0 may have set; 0 without XSAVE. */
    public static long xcr0Mask(Set<CpuFeature> offered) {
        long mask = 0;
        if (offered.contains(CpuFeature.XSAVE)) {
            for (XsaveComponent component : ALL) {
                if (offered.contains(component.feature)) {
                    mask |= 1L << component.number;
                }
            }
        }
        return mask;
    }

    /** Bytes of a standard-format area that holds the components of {@code xcr0}. */
    public static int standardSize(long xcr0) {
        int end = LEGACY_AND_HEADER;
        for (XsaveComponent component : ALL) {
            if ((xcr0 >>> component.number & 1) != 0 && component.extended()) {
                end = Math.max(end, component.offset + component.size);
            }
        }
        return end;
    }

    /** Bytes of a compacted area that holds the components of {@code mask} (none needs 64-byte alignment). */
    public static int compactedSize(long mask) {
        int end = LEGACY_AND_HEADER;
        for (XsaveComponent component : ALL) {
            if ((mask >>> component.number & 1) != 0 && component.extended()) {
                end += component.size;
            }
        }
        return end;
    }
}
