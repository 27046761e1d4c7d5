module dev.quoll.machine {
    exports dev.quoll.machine;
}
