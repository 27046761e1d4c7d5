/**
 * Native access for the rest of Quoll, the only module that needs {@code --enable-native-access}. It holds bindings and
 * thin checked wrappers; what to do with them is decided elsewhere.
 *
 * <p>{@code dev.quoll.bindings.linux} and {@code .kvm} are generated: C names, C layouts, one class per structure. The
 * other packages wrap one topic each. Everything loads on any system; where native access is denied, or the system is
 * not Linux on x86-64, calls throw {@link dev.quoll.bindings.NativeUnavailableException} with the reason.
 */
module dev.quoll.bindings {
    exports dev.quoll.bindings;
    exports dev.quoll.bindings.code;
    exports dev.quoll.bindings.file;
    exports dev.quoll.bindings.kvm;
    exports dev.quoll.bindings.linux;
    exports dev.quoll.bindings.memory;
    exports dev.quoll.bindings.network;
    exports dev.quoll.bindings.signal;
    exports dev.quoll.bindings.terminal;
}
