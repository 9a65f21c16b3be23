package manual

import (
	"strings"
	"unicode/utf8"

	"github.com/russross/blackfriday/v2"
)

// cells are the rows of a table; the first is the heading.
func cells(table *blackfriday.Node) (rows [][]string) {
	table.Walk(func(n *blackfriday.Node, entering bool) blackfriday.WalkStatus {
		switch {
		case entering && n.Type == blackfriday.TableRow:
			rows = append(rows, nil)
		case entering && n.Type == blackfriday.TableCell:
			rows[len(rows)-1] = append(rows[len(rows)-1], inline(n))
			return blackfriday.SkipChildren
		}
		return blackfriday.GoToNext
	})
	return rows
}

// grid lays rows out in a width: where not all columns fit, cells of the widest ones are broken into lines.
func grid(rows [][]string, width int) (lines []string) {
	if len(rows) == 0 {
		return nil
	}
	wide, words := make([]int, len(rows[0])), make([]int, len(rows[0])) // words: the longest one, which is not broken
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], utf8.RuneCountInString(cell))
			for _, word := range strings.Fields(cell) {
				words[i] = max(words[i], utf8.RuneCountInString(word))
			}
		}
	}
	for {
		widest, total := -1, -2
		for i, w := range wide {
			total += w + 2
			if w > words[i] && (widest < 0 || w > wide[widest]) {
				widest = i
			}
		}
		if total <= width || widest < 0 {
			break
		}
		wide[widest]--
	}
	for n, row := range rows {
		lines = append(lines, laid(row, wide)...)
		if n == 0 {
			rule := make([]string, len(wide))
			for i, w := range wide {
				rule[i] = strings.Repeat("-", w)
			}
			lines = append(lines, strings.Join(rule, "  "))
		}
	}
	return lines
}

// laid is one row in as many lines as its longest cell needs.
func laid(row []string, wide []int) (lines []string) {
	parts, height := make([][]string, len(row)), 1
	for i, cell := range row {
		parts[i] = broken(cell, wide[i])
		height = max(height, len(parts[i]))
	}
	for h := range height {
		var b strings.Builder
		for i := range row {
			part := ""
			if h < len(parts[i]) {
				part = parts[i][h]
			}
			b.WriteString(part + strings.Repeat(" ", max(0, wide[i]-utf8.RuneCountInString(part))+2))
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}
