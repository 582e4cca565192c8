package static
import ("testing";"fmt";"time";"io";"compress/gzip";"github.com/andybalholm/brotli")
func TestProbe(t *testing.T){ m:=mustMake()
 for _,q:=range []int{4,5,6,7,8,9,10,11}{ s:=time.Now(); n:=0; for _,f:=range m { if f.br==nil{continue}; n+=len(compressed(f.plain, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, q) })) }; fmt.Println("br",q,n,time.Since(s)) }
 s:=time.Now(); for _,f:=range m { compressed(f.plain, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }) }; fmt.Println("gz",time.Since(s))
 s=time.Now(); mustMake(); fmt.Println("all", time.Since(s))
 fmt.Println(string(m["js/app.js"].plain[len(m["js/app.js"].plain)-1500:][:500]))
}
