package dev.quoll.emulator.isa;

/// The form of opcodes that do not exist.
///
/// A processor finds the end of an instruction before it finds out that there is no such instruction: a fetch fault on its last
/// bytes, or the #GP of more than 15 bytes, come before #UD (APM vol. 2, table 8-8). Manuals do not say which of these opcodes
/// have a ModRM byte and immediates; this is what processors of AMD's family 19h fetch.
final class UndefinedOpcode {
    /// Maps as the decoder counts them: one byte, 0F, 0F 38, 0F 3A, and the last three again with VEX.
    private static final int ONE_BYTE = 0;
    private static final int VEX = 3;
    /// VEX.mmmmm names none of the three maps.
    static final int NO_MAP = 7;

    private UndefinedOpcode() {
    }

    /// Returns whether a ModRM byte follows.
    static boolean hasModrm(int map, int opcode) {
        return switch (map) {
            case ONE_BYTE -> switch (opcode) {
                case 0x62, 0x82 -> true;
                default -> false;
            };
            case 1 -> !isAlone(opcode);
            // Jcc has no VEX form, and is measured like one.
            case 1 + VEX -> !isAlone(opcode) && (opcode & 0xf0) != 0x80;
            default -> true;
        };
    }

    /// Opcodes of the map 0F without ModRM.
    private static boolean isAlone(int opcode) {
        return switch (opcode) {
            case 0x0a, 0x0b, 0x0c, 0x0e, 0x77, 0x7a, 0x7b, 0xb9, 0xff -> true;
            default -> opcode >= 0x04 && opcode <= 0x09
                    || opcode >= 0x24 && opcode <= 0x27
                    || opcode >= 0x30 && opcode <= 0x3f
                    || (opcode & 0xf0) == 0xa0 && ((opcode & 7) <= 2 || opcode == 0xa6 || opcode == 0xa7)
                    || opcode >= 0xc8 && opcode <= 0xcf;
        };
    }

    /// Returns whether ModRM.mod is ignored, as it is in moves to and from control and debug registers.
    static boolean isRegisterForm(int map, int opcode) {
        return (map == 1 || map == 1 + VEX) && (opcode & 0xfc) == 0x20;
    }

    /// Returns how many bytes follow ModRM, SIB and displacement.
    ///
    /// @param operandSize 2 or 4
    static int immediateBytes(int map, int opcode, int operandSize) {
        return switch (map) {
            case ONE_BYTE -> switch (opcode) {
                case 0x82, 0xc6, 0xd4, 0xd5 -> 1;
                case 0xc7 -> operandSize;
                case 0x9a, 0xea -> operandSize + 2;
                default -> 0;
            };
            case 1, 1 + VEX -> switch (opcode) {
                case 0x0f, 0x70, 0x71, 0x72, 0x73, 0xa4, 0xac, 0xba, 0xc2, 0xc4, 0xc5, 0xc6 -> 1;
                case 0x78 -> 2;
                default -> (opcode & 0xf0) == 0x80 ? operandSize : 0;
            };
            case 3, 3 + VEX -> 1;
            default -> 0;
        };
    }
}
