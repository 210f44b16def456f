// SPDX-License-Identifier: MIT
// Maps, lists and sorting, for the seconds given.
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

public class Work {
    static int fill(int n) {
        Map<Integer, String> map = new TreeMap<>();
        for (int i = 0; i < n; i++)
            map.put(i * 7919 % 1009, "text" + i);
        int sum = 0;
        for (String text : map.values())
            sum += text.length();
        return sum;
    }

    static int sort(int n) {
        List<Integer> list = new ArrayList<>();
        for (int i = 0; i < n; i++)
            list.add(i * 7919 % 1013);
        Collections.sort(list);
        return list.get(0) + fill(n);
    }

    public static void main(String[] arguments) {
        long end = System.currentTimeMillis() + 1000 * Long.parseLong(arguments[0]);
        long sum = 0;
        while (System.currentTimeMillis() < end)
            sum += sort(500);
        System.out.println(sum);
    }
}
