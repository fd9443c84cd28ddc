package fn.other;

public class Part {

    private final int x;

    public Part(int x) {
        this.x = x;
    }

    @Override
    public String toString() {
        return "part " + x;
    }
}
