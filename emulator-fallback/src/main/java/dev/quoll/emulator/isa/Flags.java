package dev.quoll.emulator.isa;

/// Bits of RFLAGS (SDM vol. 1, 3.4.3), for the flag sets of [OpcodeRow].
public final class Flags {
    public static final int CF = 1;
    public static final int PF = 1 << 2;
    public static final int AF = 1 << 4;
    public static final int ZF = 1 << 6;
    public static final int SF = 1 << 7;
    public static final int TF = 1 << 8;
    public static final int IF = 1 << 9;
    public static final int DF = 1 << 10;
    public static final int OF = 1 << 11;
    public static final int IOPL = 3 << 12;
    public static final int NT = 1 << 14;
    public static final int RF = 1 << 16;
    public static final int VM = 1 << 17;
    public static final int AC = 1 << 18;
    public static final int VIF = 1 << 19;
    public static final int VIP = 1 << 20;
    public static final int ID = 1 << 21;

    /// OF, SF, ZF, AF, PF and CF.
    public static final int STATUS = OF | SF | ZF | AF | PF | CF;

    /// Every defined bit.
    public static final int ALL = STATUS | TF | IF | DF | IOPL | NT | RF | VM | AC | VIF | VIP | ID;

    private Flags() {
    }

    /// Parses a set in the letters of the opcode table: O S Z A P C, D, I, T, L (IOPL), N, R, V (VM), K (AC), and * for all.
    static int parse(String letters) {
        int set = 0;
        for (int i = 0; i < letters.length(); i++) {
            set |= switch (letters.charAt(i)) {
                case 'O' -> OF;
                case 'S' -> SF;
                case 'Z' -> ZF;
                case 'A' -> AF;
                case 'P' -> PF;
                case 'C' -> CF;
                case 'D' -> DF;
                case 'I' -> IF;
                case 'T' -> TF;
                case 'L' -> IOPL;
                case 'N' -> NT;
                case 'R' -> RF;
                case 'V' -> VM;
                case 'K' -> AC;
                case '*' -> ALL;
                default -> throw new IllegalArgumentException("no such flag in the opcode table: " + letters);
            };
        }
        return set;
    }
}
