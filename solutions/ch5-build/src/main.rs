fn main() {
    let a: Vec<String> = std::env::args().skip(1).collect();
    match a[0].as_str() {
        "parse" => match build::dockerfile::Source::read(std::path::Path::new(&a[1])).and_then(|s| build::parse(&s)) {
            Ok(all) => all.iter().for_each(|i| println!("{}: {}\n    {:?}", i.line, i.text, i.action)),
            Err(e) => println!("{e}"),
        },
        "expand" => println!(
            "{:?}",
            build::expand(&a[1], &|n| a.iter().find_map(|x| x.strip_prefix(n)?.strip_prefix('=').map(str::to_owned)))
        ),
        "select" => {
            let c = std::path::Path::new(&a[1]);
            println!("{:#?}", build::select(c, &a[2..], &build::context::Ignore::read(c).unwrap()))
        }
        _ => {}
    }
}
